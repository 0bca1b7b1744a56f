import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { isPublicAddress, parseAddress } from './address.ts';
import type { AllowList } from './allow-list.ts';
import { OutboundError } from './outbound-error.ts';
import { toHostName } from './outbound-url.ts';

/** The addresses of a name. Throws where there are none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

export interface GuardOptions {
  allow: AllowList;
  /** What may be connected to on the open internet. What `allow` names is reached on any port. */
  ports: readonly number[];
  /** Time for the name's addresses and, again, for the connection, in milliseconds. */
  connectTimeoutMs: number;
  /** Where names are looked up; the system's own resolver otherwise. */
  resolve?: Resolve | undefined;
}

/** As the system does it, with its hosts file. */
const resolveBySystem: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true, order: 'verbatim' })).map(({ address }) => address);

/**
 * Connects to what may be reached and to nothing else. A name is looked up once; every address that it leads to is judged,
 * one bad one spoils it, and the socket is given the addresses that were judged: nobody can change them in between.
 */
export function guardedConnect(options: GuardOptions): buildConnector.connector {
  return (target, callback) => {
    admit(target, options).then(
      (addresses) => {
        const connect = buildConnector({
          timeout: options.connectTimeoutMs,
          // A connector lives for one connection: there is nothing to resume.
          maxCachedSessions: 0,
          lookup: pinned(addresses),
        });
        connect(target, callback);
      },
      (error: Error) => callback(error, null),
    );
  };
}

async function admit({ hostname, port, protocol }: buildConnector.Options, options: GuardOptions): Promise<string[]> {
  const host = toHostName(hostname) ?? hostname;
  const literal = parseAddress(hostname);
  const found = literal ? [hostname] : await withinTime(options.resolve ?? resolveBySystem, hostname, options);
  const wellKnownPort = options.ports.includes(Number(port) || (protocol === 'https:' ? 443 : 80));
  const named = options.allow.allowsHost(host);
  for (const text of found) {
    const address = parseAddress(text);
    if (address && (named || options.allow.allowsAddress(address))) continue;
    if (!address || !isPublicAddress(address)) {
      throw new OutboundError('OUTBOUND_REFUSED', 'The URL leads to an address that may not be reached from here.');
    }
    if (!wellKnownPort)
      throw new OutboundError('OUTBOUND_REFUSED', 'The port of the URL may not be reached from here.');
  }
  return [...found];
}

async function withinTime(resolve: Resolve, hostname: string, { connectTimeoutMs }: GuardOptions) {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new OutboundError('OUTBOUND_TIMEOUT', 'The name of the server could not be looked up in time.');
    timer = setTimeout(() => reject(error), connectTimeoutMs);
  });
  try {
    const addresses = await Promise.race([resolve(hostname), late]);
    if (addresses.length > 0) return addresses;
    throw new OutboundError('OUTBOUND_UNREACHABLE', 'There is no server of this name.');
  } catch (error) {
    if (error instanceof OutboundError) throw error;
    throw new OutboundError('OUTBOUND_UNREACHABLE', 'There is no server of this name.', error);
  } finally {
    clearTimeout(timer);
  }
}

/** Answers Node's question for the name with what was judged; Node tries one after the other. */
const pinned = (addresses: readonly string[]): LookupFunction => {
  const records = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  return (_hostname, { all, family }, callback) => {
    const fitting = records.filter((record) => !family || record.family === family);
    const [first] = fitting;
    if (all) callback(null, fitting);
    else if (first) callback(null, first.address, first.family);
    else callback(new OutboundError('OUTBOUND_UNREACHABLE', 'There is no server of this name.'), '');
  };
};
