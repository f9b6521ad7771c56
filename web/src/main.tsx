import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './ui/ui.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { createRouter, RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { comebacks } from './api/client.ts';
import { later } from './api/connection.ts';
import { stream } from './api/live.ts';
import { Problem, ServerGone } from './api/problem.ts';
import { queries } from './api/queries.ts';
import { initLanguages } from './locales/index.ts';
import { routeTree } from './routes.tsx';
import { Failed } from './shell/failed.tsx';
import { Loading } from './ui/loading.tsx';
import { cssVariables, theme } from './ui/theme.ts';

const PATIENCE_MS = 500;

const router = createRouter({
  routeTree,
  context: { queries },
  defaultErrorComponent: Failed,
  defaultPendingComponent: Loading,
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

declare global {
  /** Where the packages that add style elements look for what lets them (Content-Security-Policy). */
  var __webpack_nonce__: string;
}

const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
globalThis.__webpack_nonce__ = nonce;

comebacks.watch(() => void router.invalidate());
document.addEventListener('visibilitychange', () => stream.setVisible(document.visibilityState === 'visible'));

void Promise.race([Promise.allSettled([initLanguages(), untilReady()]), patience()]).then(show);

function show(): void {
  createRoot(document.getElementById('root') as HTMLElement, { onCaughtError: tellFault }).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariables}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <QueryClientProvider client={queries}>
          <Notifications />
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}

/** Has all that the first page shows, so that it is rendered once: who is signed in, its code, and what it asks for first. */
async function untilReady(): Promise<void> {
  const { pathname, search } = router.latestLocation;
  await router.preloadRoute({ to: pathname, search });
  await Promise.allSettled(
    queries
      .getQueryCache()
      .findAll({ fetchStatus: 'fetching' })
      .map((query) => query.fetch()),
  );
}

/** After that long the page shows what it waits for. */
function patience(): Promise<void> {
  return new Promise((done) => later(PATIENCE_MS, done));
}

/** What the API refuses is shown on the page; the console is for mistakes of ours. */
function tellFault(error: unknown): void {
  if (!(error instanceof Problem || error instanceof ServerGone)) console.error(error);
}
