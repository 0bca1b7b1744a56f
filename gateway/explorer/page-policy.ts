/** The sources that each directive of a content security policy allows. */
export type PolicyDirectives = Readonly<Record<string, readonly string[]>>;

/** What no page of ours ever needs. */
const NEVER: PolicyDirectives = {
  'object-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** The response headers that hold a page to its policy. */
export function policyHeaders(directives: PolicyDirectives): Record<string, string> {
  const text = Object.entries({ ...directives, ...NEVER }).map(([name, sources]) => `${name} ${sources.join(' ')}`);
  return {
    'content-security-policy': text.join('; '),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}
