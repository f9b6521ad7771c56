export { createBreath } from './breath.ts';
export {
  command,
  type Handler,
  handleCommand,
  handleQuery,
  type MaybePromise,
  type Packing,
  type Param,
  query,
  type ReadTx,
  type Tx,
} from './command.ts';
export { conditions } from './conditions.ts';
export { probeStore } from './health.store.ts';
export { createKeepingUp, type KeepingUp } from './keep-up.ts';
export { migrate } from './migrate.ts';
export { indexed, newestFirst, type Range } from './newest-first.ts';
export { pruneKeptAnswers } from './once.store.ts';
export { type OnceRequest, onlyOnce } from './only-once.ts';
export { createRecall } from './recall.ts';
export {
  affordable,
  cutPage,
  type Found,
  LEAP_ROW_COST,
  LEAP_ROWS,
  type NewestPage,
  searchNewest,
} from './search-newest.ts';
export { giveBackSpace } from './space.store.ts';
export { openBeside, peekSetting } from './sqlite/beside.ts';
export { isFolderTaken } from './sqlite/files.ts';
export { openSqliteStore } from './sqlite/open.ts';
export { type DatabaseView, isServed, viewDatabase } from './sqlite/view.ts';
export { STORE_PRESSURE, STORE_TROUBLE, type Store } from './store.ts';
export { untilStored } from './until-stored.ts';
