import { workerData } from 'node:worker_threads';
import type { EgressThreadSettings } from './egress/thread.ts';
import type { ThreadSettings } from './store/sqlite/protocol.ts';
import type { TemplateThreadSettings } from './templates/protocol.ts';

// What each of the server's threads runs. A thread loads only what it needs.
const settings = workerData as ThreadSettings | EgressThreadSettings | TemplateThreadSettings;
if (settings.role === 'egress') {
  const { runEgressThread } = await import('./egress/thread.ts');
  runEgressThread(settings);
} else if (settings.role === 'templates') {
  const { runTemplateThread } = await import('./templates/thread.ts');
  runTemplateThread(settings);
} else {
  const [{ runStoreThread }, { createHandlers }] = await Promise.all([
    import('./store/sqlite/thread.ts'),
    import('./app.commands.ts'),
  ]);
  runStoreThread(createHandlers);
}
