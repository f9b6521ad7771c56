import { createHandlers } from './app.commands.ts';
import { runStoreThread } from './store/sqlite/thread.ts';

// The module that the store's threads are started with.
runStoreThread(createHandlers);
