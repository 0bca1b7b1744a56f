import ipaddr from 'ipaddr.js';
import { type IpAddress, parseAddress } from './address.ts';
import { toHostName } from './outbound-url.ts';

type Range = [IpAddress, number];

/** What an operator allows beyond the open internet. */
export class AllowList {
  private readonly names = new Set<string>();
  private readonly suffixes: string[] = [];
  private readonly ranges: Range[] = [];

  /**
   * Takes an entry of the setting `OUTBOUND_ALLOW`: a name (`ollama.internal`, `*.corp.example`), an address or a range in
   * CIDR notation (`10.1.0.0/16`, `fd00::/8`, `127.0.0.1`).
   * @returns whether it is one of these.
   */
  add(entry: string): boolean {
    const range = readRange(entry);
    const isSuffix = entry.startsWith('*.');
    const name = range ? null : toHostName(isSuffix ? entry.slice(2) : entry);
    if (range) this.ranges.push(range);
    else if (name && isSuffix) this.suffixes.push(`.${name}`);
    else if (name) this.names.add(name);
    return range !== null || name !== null;
  }

  /** @param name As `toHostName` makes it. */
  allowsHost(name: string): boolean {
    return this.names.has(name) || this.suffixes.some((suffix) => name.endsWith(suffix));
  }

  allowsAddress(address: IpAddress): boolean {
    return this.ranges.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits));
  }
}

function readRange(entry: string): Range | null {
  const address = parseAddress(entry);
  if (address) return [address, address.kind() === 'ipv4' ? 32 : 128];
  return ipaddr.isValidCIDR(entry) ? (ipaddr.parseCIDR(entry) as Range) : null;
}
