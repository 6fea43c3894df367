/**
 * The allowed direction of imports, as docs/architecture.md draws it:
 *
 *   protocol <- media, vision, effects <- apps/*
 *
 * Packages other than protocol never import each other, apps never import each other, features inside the server never
 * import each other: roles connect them. Native code stays in child processes. Run by `npm run check -- imports`.
 */

/** Folders of apps/server/src that are features. */
const FEATURES = 'streams|analysis|effects|http|live|storage|processes|system|config';
const TESTS = '\\.test\\.ts$|/testing/|^packages/vision/reference/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that need each other are one module, or miss a third one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'protocol-stands-alone',
      comment: 'The protocol is what all sides agree on; it knows none of them.',
      severity: 'error',
      from: { path: '^packages/protocol/' },
      to: { path: '^(packages|apps|e2e|scripts)/', pathNot: '^packages/protocol/' },
    },
    {
      name: 'packages-know-only-protocol',
      comment: 'Media, vision and effects are usable, testable and replaceable without each other and without an app.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/', pathNot: '^packages/protocol/' },
      to: { path: '^(packages|apps|e2e|scripts)/', pathNot: '^packages/(protocol|$1)/' },
    },
    {
      name: 'apps-stand-apart',
      comment: 'Server and dashboard meet in the protocol only.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^(apps|e2e|scripts)/', pathNot: '^apps/$1/' },
    },
    {
      name: 'dashboard-knows-only-protocol',
      comment: 'What media and vision need (Node, native code) does not exist in a browser.',
      severity: 'error',
      from: { path: '^apps/dashboard/' },
      to: { path: '^packages/', pathNot: '^packages/(protocol|effects)/' },
    },
    {
      name: 'e2e-sees-the-product-from-outside',
      comment: 'End-to-end tests use the built server and the public packages, never the inside of an app.',
      severity: 'error',
      from: { path: '^e2e/' },
      to: { path: '^apps/' },
    },
    {
      name: 'features-stand-apart',
      comment: 'A feature declares the interface that it needs; a role hands it the implementation.',
      severity: 'error',
      from: { path: `^apps/server/src/(${FEATURES})/` },
      to: { path: `^apps/server/src/(${FEATURES})/`, pathNot: '^apps/server/src/$1/' },
    },
    {
      name: 'roles-are-the-top',
      comment: 'Only the entry point and other roles use a role.',
      severity: 'error',
      from: { path: '^apps/server/src/', pathNot: '^apps/server/src/(roles/|main\\.ts$|[^/]+\\.test\\.ts$)' },
      to: { path: '^apps/server/src/(roles/|main\\.ts$)' },
    },
    {
      name: 'shared-modules-are-leaves',
      comment: 'Log, metrics and notices are known by all features and know none.',
      severity: 'error',
      from: { path: '^apps/server/src/[^/]+\\.ts$', pathNot: '^apps/server/src/(main\\.ts$|[^/]+\\.test\\.ts$)' },
      to: { path: `^apps/server/src/(${FEATURES}|roles)/` },
    },
    {
      name: 'server-loads-no-native-media-code',
      comment: 'Decoders and models run in child processes, so that a crash there never ends playback.',
      severity: 'error',
      from: { path: '^apps/server/src/main\\.ts$' },
      to: { path: '^packages/(media/src/(codec|process)|vision/src/(detection|process))/', reachable: true },
    },
    {
      name: 'decoders-in-the-codec-folder',
      severity: 'error',
      from: { pathNot: `^packages/media/src/codec/|${TESTS}` },
      to: { path: 'node_modules/node-av/' },
    },
    {
      name: 'inference-in-vision',
      severity: 'error',
      from: { pathNot: `^packages/vision/src/|${TESTS}` },
      to: { path: 'node_modules/onnxruntime-node/' },
    },
    {
      name: 'media-core-knows-no-transport',
      comment: 'RTMP is the one transport that the media package speaks; packaging is pure.',
      severity: 'error',
      from: { path: '^packages/media/src/(fmp4|hls|bitstream|clock)/', pathNot: TESTS },
      to: {
        path: '^(node:)?(http|https|http2|net|tls|dgram|child_process|fs|fs/promises)$',
        dependencyTypes: ['core'],
      },
    },
    {
      name: 'no-tests-in-the-product',
      severity: 'error',
      from: { path: '^(packages|apps)/', pathNot: `${TESTS}|\\.spec\\.ts$` },
      to: { path: `${TESTS}|\\.spec\\.ts$` },
    },
    {
      name: 'no-undeclared-packages',
      comment: 'A package that is not in the package.json of the workspace is there by luck.',
      severity: 'error',
      from: { path: '^(packages|apps|e2e)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-packages-in-the-product',
      severity: 'error',
      from: { path: '^(packages|apps/server)/[^/]*/?src/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '^node_modules/@types/' },
    },
    {
      name: 'imports-exist',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(virtual:|https?:)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/(dist|coverage|\\.angular|generated)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.d.ts', '.json'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
