import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './page.css';
import './worker.js';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { EXAMPLE_TABS } from './example.js';
import { createFetcher } from './fetcher.js';
import { createLogInPlugin } from './log-in-plugin.jsx';
import { createSession } from './session.js';

// The page is /graphiql: what it talks to is beside it, also behind a proxy that adds a prefix.
const endpoint = new URL('graphql', location.href);
const session = createSession(endpoint.href);
const fetcher = createFetcher(endpoint, session);
const logInPlugin = createLogInPlugin(session);
const plugins = [HISTORY_PLUGIN, logInPlugin];

const root = document.getElementById('graphiql');
if (!root) throw new Error('The page has no element for GraphiQL.');
createRoot(root).render(
  <GraphiQL
    fetcher={fetcher}
    plugins={plugins}
    {...(session.current() ? {} : { visiblePlugin: logInPlugin })}
    defaultTabs={EXAMPLE_TABS}
    defaultEditorToolsVisibility="variables"
    inputValueDeprecation
    schemaDescription
  >
    <GraphiQL.Logo>
      <span className="parley-logo">Parley</span>
    </GraphiQL.Logo>
  </GraphiQL>,
);
