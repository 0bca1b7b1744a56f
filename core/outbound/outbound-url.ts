import { parseAddress } from './address.ts';
import { OutboundError } from './outbound-error.ts';

const MAX_URL_CHARACTERS = 8_192;

const refused = (message: string) => new OutboundError('OUTBOUND_REFUSED', message);

/**
 * Reads an address that a stranger gave, as browsers do: other notations of a host (decimal, octal, wide characters) become
 * the usual one. What its name leads to is judged when it is connected to.
 * @param base What a relative one is relative to.
 * @throws OutboundError where it is no `http:` or `https:` URL, or holds a password.
 */
export function readOutboundUrl(text: string, base?: URL): URL {
  if (text.length > MAX_URL_CHARACTERS) throw refused(`The URL is longer than ${MAX_URL_CHARACTERS} characters.`);
  if (!URL.canParse(text, base?.href)) throw refused('It is not a complete URL, such as https://example.com/page.');
  const url = new URL(text, base?.href);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refused('Only URLs that begin with http:// or https:// can be reached.');
  }
  if (url.username || url.password) throw refused('A URL with a user name or password is not reached.');
  url.hash = '';
  return url;
}

/** A name as it is compared: in lower case, in ASCII, without the root's dot; null where it is none, or an address. */
export function toHostName(text: string): string | null {
  if (!/^[^\s/?#@:\\[\]]+$/.test(text) || !URL.canParse(`http://${text}`)) return null;
  const name = new URL(`http://${text}`).hostname.replace(/\.$/, '');
  return name === '' || name.includes('*') || parseAddress(name) ? null : name;
}
