import { randomBytes } from 'node:crypto';
import { FIRST_OPERATION } from './first-operation.ts';
import { policyHeaders } from './page-policy.ts';

const CDN = 'https://embeddable-sandbox.cdn.apollographql.com';
const EMBED = 'https://sandbox.embed.apollographql.com';
const SCRIPT = `${CDN}/_latest/embeddable-sandbox.umd.production.min.js`;

/** A page to send as it is. */
export interface HtmlPage {
  html: string;
  headers: Record<string, string>;
}

/**
 * Apollo Sandbox for GET /graphql in a browser. It runs in a frame from Apollo's network and reaches this server through
 * the page, at the address that the page was opened at; operations and credentials go from the browser to this server only.
 * Where that network cannot be reached, the page points to the bundled explorer.
 * @param explorerPath Where the bundled explorer is, relative to the page.
 */
export function sandboxPage(explorerPath = 'graphiql'): HtmlPage {
  const nonce = randomBytes(16).toString('base64');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parley · Apollo Sandbox</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1b2240; background: #f6f7fb; }
  main { max-width: 40rem; margin: 20vh auto 0; padding: 0 1.5rem; }
  a { color: #3d4fd1; }
  #sandbox { position: absolute; inset: 0; }
  #sandbox:empty, [hidden] { display: none; }
  iframe { width: 100%; height: 100%; border: 0; background: #fff; }
</style>
</head>
<body>
<main id="waiting"><p>Loading Apollo Sandbox …</p></main>
<main id="offline" hidden>
  <h1>Apollo Sandbox cannot be loaded</h1>
  <p>It comes from Apollo’s network, which this browser cannot reach.</p>
  <p><a href="${escapeHtml(explorerPath)}">Open GraphiQL instead</a>: it is part of this server and needs no internet.</p>
</main>
<noscript><main><p>Apollo Sandbox and GraphiQL need JavaScript.</p></main></noscript>
<div id="sandbox"></div>
<script nonce="${nonce}" id="loader" src="${SCRIPT}"></script>
<script nonce="${nonce}">
  document.getElementById('waiting').hidden = true;
  if (!window.EmbeddedSandbox) document.getElementById('offline').hidden = false;
  else {
    const endpoint = new URL(location.pathname, location.href);
    const subscriptions = new URL(endpoint);
    subscriptions.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    new window.EmbeddedSandbox({
      target: '#sandbox',
      initialEndpoint: endpoint.href,
      initialSubscriptionEndpoint: subscriptions.href,
      initialState: { document: ${scriptText(FIRST_OPERATION)}, includeCookies: false, pollForSchemaUpdates: false },
      hideCookieToggle: true,
      endpointIsEditable: false,
      runTelemetry: false,
      allowDynamicStyles: false,
    });
  }
</script>
</body>
</html>
`;
  const policy = policyHeaders({
    'default-src': ["'none'"],
    'script-src': [`'nonce-${nonce}'`],
    'style-src': [`'nonce-${nonce}'`],
    'connect-src': ["'self'"],
    'frame-src': [EMBED],
    'img-src': ["'self'", 'data:'],
  });
  return { html, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', ...policy } };
}

/** Whether a request to /graphql comes from the address bar of a browser rather than from a GraphQL client. */
export function wantsPage(request: {
  method: string;
  headers: { accept?: string | undefined };
  query: unknown;
}): boolean {
  const hasOperation = typeof request.query === 'object' && request.query !== null && 'query' in request.query;
  return request.method === 'GET' && !hasOperation && (request.headers.accept ?? '').includes('text/html');
}

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** A literal that cannot end its script element. */
const scriptText = (text: string) => JSON.stringify(text).replaceAll('<', '\\u003c');
