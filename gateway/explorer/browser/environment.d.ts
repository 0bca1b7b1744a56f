/** What the bundler and the page's libraries add to a browser's globals. */

declare module '*.css';

declare module 'react-dom/client' {
  import type { ReactNode } from 'react';
  export function createRoot(container: Element): { render(children: ReactNode): void };
}

/** The workers' files, relative to the script; set by the build. */
declare const WORKER_FILES: { readonly editor: string; readonly json: string; readonly graphql: string };

/** Where Monaco looks for its workers. */
declare var MonacoEnvironment: { getWorker(id: string, label: string): Worker } | undefined;
