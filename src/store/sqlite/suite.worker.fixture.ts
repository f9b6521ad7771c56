import { sqliteSuiteHandlers } from './suite-commands.fixture.ts';
import { runStoreThread } from './thread.ts';

// The module that the store's threads are started with in the suite.
runStoreThread(sqliteSuiteHandlers);
