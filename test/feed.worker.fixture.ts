import { runStoreThread } from '../src/store/sqlite/thread.ts';
import { feedSuiteHandlers } from './feed.fixture.ts';

// The module that the store's threads are started with in the tests of the feed.
runStoreThread(feedSuiteHandlers);
