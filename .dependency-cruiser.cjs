// Which room may see which. Read bottom-up: a folder may import itself and what is listed for it, nothing else.
const CORE = 'core/[^/]+';
const EDGE = [CORE, 'runtime/ports', 'runtime/errors'];
const MAY_IMPORT = {
  'core/base': [],
  'core/topology': ['core/base'],
  'core/analysis': ['core/base', 'core/topology'],
  'core/recovery': ['core/base', 'core/topology', 'core/analysis'],
  'core/ledger': ['core/base', 'core/topology', 'core/analysis', 'core/recovery'],
  'core/raft': ['core/base'],
  runtime: [CORE],
  'adapters/dns': EDGE,
  'adapters/level': EDGE,
  'adapters/mysql': EDGE,
  'adapters/grpc': EDGE,
  'adapters/http': EDGE,
  'adapters/hooks': EDGE,
  'adapters/kv': EDGE,
  'adapters/outlets': EDGE,
  web: [],
  app: [CORE, 'runtime', 'adapters/[^/]+'],
};

const layers = Object.entries(MAY_IMPORT).map(([from, to]) => ({
  name: `layer-${from.replace('/', '-')}`,
  severity: 'error',
  from: { path: `^src/${from}/` },
  to: { path: '^src/', pathNot: [from, ...to].map((room) => `^src/${room}(/|\\.ts$)`) },
}));

module.exports = {
  forbidden: [
    ...layers,
    {
      name: 'no-room-without-a-rule',
      severity: 'error',
      comment: 'A new folder under src/ needs a line in MAY_IMPORT.',
      from: { path: '^src/', pathNot: Object.keys(MAY_IMPORT).map((room) => `^src/${room}/`) },
      to: {},
    },
    {
      name: 'core-has-no-packages',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-no-pkg', 'unknown'] },
    },
    {
      name: 'product-has-no-dev-packages',
      severity: 'error',
      comment: 'What a node loads must be in `dependencies`; the page is bundled when it is built.',
      from: { path: '^src/', pathNot: '^src/web/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'] },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'src-stands-alone', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|tools)/' } },
    {
      name: 'tools-are-outside',
      severity: 'error',
      comment: 'The tools know the product by its programs and its HTTP API, as a user does.',
      from: { path: '^tools/' },
      to: { path: '^(src|test)/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        path: '^(src|tools)/',
        pathNot: '(\\.d\\.ts|-main\\.tsx?)$|^src/app/main\\.ts$|^src/web/main\\.tsx$',
      },
      to: {},
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.css$' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
