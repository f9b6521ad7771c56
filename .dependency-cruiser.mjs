/*
 * Who may import whom. `tools/check-imports.ts` runs these rules, and sees to it that every file was read.
 *
 * A module is a folder under src/. It may import the kernel, the modules its row names, and those only
 * through their index.ts. A new folder needs a row before it may import anything.
 */
const MAY_IMPORT = {
  kernel: [],
  store: [],
  work: ['store'],
  http: [],
  identity: ['store', 'http'],
  sealing: ['store', 'http'],
  audit: ['store'],
  'system-log': ['http'],
  feed: ['store', 'http'],
  events: ['store', 'http'],
  payloads: [],
  egress: [],
  templates: ['store', 'http', 'events', 'payloads'],
  webhooks: ['store', 'http', 'audit', 'sealing', 'events', 'payloads', 'templates', 'egress'],
  deliveries: ['store', 'http', 'audit', 'work', 'feed', 'events', 'webhooks', 'payloads', 'templates', 'egress'],
  web: ['http'],
};

/** The same for what runs in the browser: what is shared knows no page. */
const PAGES_MAY_IMPORT = {
  api: [],
  locales: [],
  ui: ['api'],
  forms: ['api', 'ui'],
};

/** Modules that cause events. They know of no webhook: that keeps an event's truth apart from who is told. */
const SOURCES = ['events', 'as2', 'transfers', 'schedules'];
const TOLD = ['webhooks', 'deliveries'];

const TESTS = '\\.(test|suite|fixture)\\.ts$';
const STATE = '\\.state\\.ts$';
/** Node's modules that compute and touch nothing: no file, no socket, no process, no clock. */
const CALCULATING = '^(node:)?(assert|buffer|path|punycode|querystring|string_decoder|url|util)(/|$)';

const anyOf = (names) => `(${names.join('|')})`;
const packages = (...names) => names.map((name) => `(^|/)node_modules/${name}/|^${name}(/|$)`);
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const tableRules = Object.entries(MAY_IMPORT).map(([module, others]) => {
  // These targets have rules of their own, with a better explanation.
  const elsewhere = ['config', ...(SOURCES.includes(module) ? TOLD : [])];
  return rule(
    `may-import-${module}`,
    `src/${module}/ may import ${['kernel', ...others].join(', ')} and no other module of ours.`,
    { path: `^src/${module}/` },
    { path: '^src/', pathNot: `^src/${anyOf([module, 'kernel', ...others, ...elsewhere])}/` },
  );
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...tableRules,
    rule(
      'known-module',
      'A folder under src/ needs a row in the table of .dependency-cruiser.mjs before it may import anything.',
      { path: '^src/[^/]+/', pathNot: `^src/${anyOf([...Object.keys(MAY_IMPORT), 'config', 'cli'])}/` },
      {},
    ),
    rule(
      'sources-know-no-webhooks',
      'What causes events never imports webhooks or deliveries: it publishes, and app.ts makes the introduction.',
      { path: `^src/${anyOf(SOURCES)}/` },
      { path: `^src/${anyOf(TOLD)}/` },
    ),
    rule(
      'through-the-face',
      'Another module is imported through its index.ts. Only the kernel and *.config.ts are open.',
      { path: '^src/([^/]+)/' },
      { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$', '^src/kernel/', '\\.config\\.ts$'] },
    ),
    rule(
      'config-reads-config',
      'src/config/ collects the *.config.ts of the modules and knows nothing else of them.',
      { path: '^src/config/' },
      { path: '^src/', pathNot: ['^src/(config|kernel)/', '\\.config\\.ts$'] },
    ),
    rule(
      'config-is-for-the-top',
      'Only app, main and cli import src/config/. A module is handed its own section.',
      { path: '^src/', pathNot: ['^src/config/', '^src/cli/', '^src/app\\.', '^src/main\\.ts$'] },
      { path: '^src/config/' },
    ),
    rule(
      'state-imports-kernel-only',
      'A *.state.ts is a pure machine: of ours it imports the kernel only.',
      { path: STATE },
      { path: '^src/', pathNot: '^src/kernel/' },
    ),
    rule(
      'pure-files-do-no-io',
      'src/payloads/ and *.state.ts compute: values in, values out. What does I/O hands them its results.',
      { path: ['^src/payloads/', STATE], pathNot: TESTS },
      { dependencyTypes: ['core'], pathNot: CALCULATING },
    ),
    rule(
      'kernel-does-no-io',
      'The kernel computes; only clock.ts, ids.ts and random.ts reach outside, and node:crypto is open to all of it.',
      { path: '^src/kernel/', pathNot: ['^src/kernel/(clock|ids|random)\\.ts$', TESTS] },
      { dependencyTypes: ['core'], pathNot: [CALCULATING, '^(node:)?crypto$'] },
    ),
    rule(
      'fastify-at-the-edge',
      'Fastify is imported in src/http/, *.routes.ts, app.ts and main.ts only.',
      { path: '^src/', pathNot: ['^src/http/', '^src/(app|main)\\.ts$', '\\.routes\\.ts$', TESTS] },
      { path: packages('fastify', '@fastify') },
    ),
    rule(
      'database-in-the-store',
      'Database drivers are imported in src/store/ only.',
      { path: '^src/', pathNot: ['^src/store/', TESTS] },
      { path: ['^(node:)?sqlite$', ...packages('pg')] },
    ),
    rule(
      'undici-in-egress',
      'undici is imported in src/egress/ and src/cli/ only: whatever Waybill dials passes the address guard.',
      { path: '^src/', pathNot: ['^src/(egress|cli)/', TESTS] },
      { path: packages('undici') },
    ),
    rule(
      'nothing-outside-src',
      'What runs in production lives under src/ and imports nothing of test/, tools/, bench/, bin/ or web/.',
      { path: '^src/', pathNot: TESTS },
      { path: '^(test|tools|bench|bin|web)/' },
    ),
    rule(
      'pages-know-the-api-alone',
      'What runs in the browser imports nothing of ours from elsewhere: it knows the server by its API.',
      { path: '^web/' },
      { path: '^(src|test|tools|bench|bin)/' },
    ),
    ...Object.entries(PAGES_MAY_IMPORT).map(([folder, others]) =>
      rule(
        `may-import-web-${folder}`,
        `web/src/${folder}/ may import ${others.join(', ') || 'nothing'} of the pages, and no other folder.`,
        { path: `^web/src/${folder}/`, pathNot: TESTS },
        { path: '^web/src/', pathNot: `^web/src/${anyOf([folder, ...others])}/` },
      ),
    ),
    rule(
      'no-tests-in-production',
      'Tests and suites are imported by tests only.',
      { path: '^src/', pathNot: TESTS },
      { path: TESTS },
    ),
    rule(
      'no-development-packages',
      'What runs in production imports packages of "dependencies" only. Types may come from anywhere: they do not run.',
      { path: '^src/', pathNot: TESTS },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm', 'type-only'] },
    ),
    rule('resolves', 'Every import leads somewhere.', {}, { couldNotResolve: true }),
    rule('no-cycles', 'No file imports itself by way of others, not even for types.', {}, { circular: true }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
