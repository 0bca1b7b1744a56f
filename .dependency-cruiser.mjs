/** Files that only tests may load: their inputs, and what the tests share. */
const TEST_ONLY = String.raw`(\.test\.tsx?|\.fixture\.tsx?|\.setup\.ts)$|^test/`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'core-knows-nobody',
      comment:
        'The kernel is shared by all sides. If it knew one of them, every part of Parley would carry that side along.',
      severity: 'error',
      from: { path: '^core/', pathNot: TEST_ONLY },
      to: { path: '^(gateway|subgraphs|server|client|web-admin|bin)/' },
    },
    {
      name: 'gateway-meets-subgraphs-by-their-schema',
      comment:
        'A subgraph may live in another process. The gateway knows it by the schema that it serves, so it must not be able to reach into its code.',
      severity: 'error',
      from: { path: '^gateway/', pathNot: TEST_ONLY },
      to: { path: '^(subgraphs|server|client|web-admin)/' },
    },
    {
      name: 'subgraphs-know-core-alone',
      comment:
        'A subgraph is composed by its index.ts from what the kernel hands it: it knows neither the entry in front of it nor the process around it.',
      severity: 'error',
      from: { path: '^subgraphs/', pathNot: TEST_ONLY },
      to: { path: '^(gateway|server|client|web-admin)/' },
    },
    {
      name: 'subgraphs-never-import-one-another',
      comment:
        'Each can run as its own process. They meet through references of the federation, events, and calls to the internal fields of a peer.',
      severity: 'error',
      from: { path: '^subgraphs/([^/]+)/' },
      to: { path: '^subgraphs/([^/]+)/', pathNot: '^subgraphs/$1/' },
    },
    {
      name: 'subgraphs-are-entered-through-their-index',
      comment:
        'The composition root of a subgraph is the only wiring of it. Whoever reached past it would have its parts without their rules.',
      severity: 'error',
      from: { pathNot: `^subgraphs/|${TEST_ONLY}` },
      to: { path: '^subgraphs/', pathNot: String.raw`^subgraphs/[^/]+/index\.ts$` },
    },
    {
      name: 'only-the-server-composes',
      comment:
        'What runs in which process is decided in one place. A part that composed others would bring them wherever it goes.',
      severity: 'error',
      from: { pathNot: `^(server|gateway|subgraphs)/|${TEST_ONLY}` },
      to: { path: '^(gateway|subgraphs)/' },
    },
    {
      name: 'nobody-imports-the-server',
      comment: 'It stands around everything else and is started, never used.',
      severity: 'error',
      from: { pathNot: `^(server|bin)/|${TEST_ONLY}` },
      to: { path: '^server/' },
    },
    {
      name: 'a-service-knows-no-entry',
      comment:
        'GraphQL, jobs and other entries share the business verbs. A service that knew one of its callers could not serve the others.',
      severity: 'error',
      from: { path: String.raw`^subgraphs/.+\.(service|policy|loaders|access)\.ts$` },
      to: { path: String.raw`^subgraphs/.+(\.resolver\.ts|/jobs\.ts|/permissions\.ts|/index\.ts)$` },
    },
    {
      name: 'a-policy-is-pure',
      comment:
        'A policy answers whether a viewer may do something to a row it is given. Without a way to load anything it can be read, tested and trusted by itself.',
      severity: 'error',
      from: { path: String.raw`\.policy\.ts$` },
      to: { path: String.raw`(\.(service|loaders|resolver|presenter)\.ts|^core/database/)` },
    },
    {
      name: 'a-resolver-goes-through-the-service',
      comment:
        'The policies stand in the services. A resolver that asked the database itself would show rows that nobody has judged.',
      severity: 'error',
      from: { path: String.raw`^subgraphs/.+\.resolver\.ts$` },
      to: { path: '^core/(database|outbox|job)/|^node_modules/(pg|@prisma)/' },
    },
    {
      name: 'product-loads-no-tests',
      comment: 'What tests need is not built, shipped or trusted.',
      severity: 'error',
      from: { pathNot: TEST_ONLY },
      to: { path: TEST_ONLY },
    },
    {
      name: 'client-speaks-the-api',
      comment: 'The terminal client is the example for others: it may have nothing that they do not have.',
      severity: 'error',
      from: { path: '^client/', pathNot: TEST_ONLY },
      to: { path: '^(core|gateway|subgraphs|server|prisma|web-admin)/' },
    },
    {
      name: 'console-speaks-the-api',
      comment: 'The console runs in browsers: code of the server there would be a leak, and would not work.',
      severity: 'error',
      from: { path: '^web-admin/', pathNot: TEST_ONLY },
      to: { path: '^(core|gateway|subgraphs|server|prisma|client)/' },
    },
    {
      name: 'no-telemetry-unless-asked-for',
      comment:
        'The SDK of OpenTelemetry is large, and most installations export nothing: it is read where there is a collector. Spans are made with its API, which does nothing by itself.',
      severity: 'error',
      from: {
        path: '^(core|gateway|subgraphs|server)/',
        pathNot: '^core/telemetry/(start-telemetry|metric-producer)\\.ts$',
      },
      to: { path: '(node_modules/@opentelemetry/(?!api/)|^core/telemetry/metric-producer)' },
    },
    {
      name: 'no-cycles',
      comment: 'Modules that need each other are one module in several files: none can be read, tested or moved alone.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere is also one that no other rule here can judge.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-packages',
      comment: 'A package that only others bring along can be gone with their next version.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'product-needs-no-development-package',
      comment: 'An installation without development packages must be able to run what is built.',
      severity: 'error',
      from: {
        path: '^(core|gateway|subgraphs|server|client|prisma)/',
        pathNot: `^gateway/explorer/browser/|${TEST_ONLY}`,
      },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules/' },
    exclude: { path: '^(dist|prisma/generated)/' },
    // Imports of types count: a rule about who knows whom is about types as well.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['parley-source', 'import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
