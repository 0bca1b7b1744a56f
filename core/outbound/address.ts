import ipaddr from 'ipaddr.js';

export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

/** Behind each of these another address is meant, or may be. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/** What is handed out by registries for the open internet. Whatever lies beyond has a meaning of its own. */
const GLOBAL = ipaddr.IPv6.parseCIDR('2000::/3');

/** Public by its number, but of the machine's own cloud: Azure tells its guests their secrets there. */
const METADATA = new Set(['168.63.129.16']);

/** Reads an address as resolvers write it, without brackets; one of IPv4 within IPv6 becomes what it stands for. */
export function parseAddress(text: string): IpAddress | null {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return null;
  return ipaddr.process(text);
}

/**
 * Whether an address belongs to the open internet: not to this machine, its network, its cloud, or to nobody. Addresses
 * that carry another one (NAT64) are judged by that; those that tunnel (6to4, Teredo) are never public.
 */
export function isPublicAddress(address: IpAddress): boolean {
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast' && !METADATA.has(address.toString());
  if (address.match(NAT64)) return isPublicAddress(new ipaddr.IPv4(address.toByteArray().slice(12)));
  return address.match(GLOBAL) && address.range() === 'unicast';
}
