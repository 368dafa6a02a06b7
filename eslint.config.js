import js from '@eslint/js'
import ts from 'typescript-eslint'

/**
 * The folders of a package's sources, and which of them each may import. `root` is the one file beside them that they may
 * import, too.
 */
const LAYERS = {
  // What is recorded, what is folded and what is delivered meet at the log only, and `runtime` joins them.
  core: {
    root: 'ports',
    folders: {
      events: [],
      fold: ['events'],
      measures: ['events', 'fold'],
      log: ['events', 'fold'],
      record: ['events', 'fold', 'log'],
      delivery: ['events', 'fold', 'measures', 'log'],
      runtime: ['events', 'fold', 'measures', 'log', 'record', 'delivery'],
    },
  },
  // `host` writes what `reading` reads: neither knows the other.
  'cli-adapter': {
    root: 'dist',
    folders: {
      shared: [],
      consent: ['shared'],
      logins: ['shared', 'consent'],
      sending: ['shared', 'consent', 'logins'],
      host: ['shared', 'consent', 'logins', 'sending'],
      reading: ['shared', 'consent', 'logins', 'sending'],
      doctor: ['shared', 'consent', 'logins', 'sending', 'reading'],
      commands: ['shared', 'consent', 'logins', 'sending', 'host', 'reading', 'doctor'],
    },
  },
}

const NOTHING_ELSE = {
  regex: '^(?!\\.{1,2}/|zod$|eventemitter3$)',
  message: 'core imports zod and eventemitter3 and nothing else',
}

const layers = Object.entries(LAYERS).flatMap(([name, { root, folders }]) =>
  Object.entries(folders).map(([folder, below]) => ({
    files: [`packages/${name}/src/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...(name === 'core' ? [NOTHING_ELSE] : []),
            {
              regex: `^\\.\\./(?!${root}$|(${below.join('|')})/[^/]+$)`,
              message: `${name}/src/${folder} imports ${[root, ...below].join(', ')} and nothing else of ${name}`,
            },
          ],
        },
      ],
    },
  })),
)

/** Core is a function of its inputs: what has a clock, randomness, a disk or a network is injected (ports). */
export const purity = {
  files: ['packages/core/src/**/*.ts'],
  linterOptions: { noInlineConfig: true },
  rules: {
    'no-restricted-imports': ['error', { patterns: [NOTHING_ELSE] }],
    'no-restricted-globals': [
      'error',
      ...[
        'process',
        'Buffer',
        'global',
        'globalThis',
        'window',
        'self',
        'require',
        'console',
        'performance',
        'crypto',
      ],
      ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'requestAnimationFrame'],
      ...['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'navigator', 'document', 'localStorage'],
    ].map((name) => (name === 'error' ? name : { name, message: 'core is pure: take it in through a port' })),
    'no-restricted-properties': [
      'error',
      { object: 'Date', property: 'now', message: 'core is pure: the time comes from the Clock port' },
      { object: 'Math', property: 'random', message: 'core is pure: randomness is injected' },
    ],
    'no-restricted-syntax': [
      'error',
      {
        selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
        message: 'core is pure: the time comes from the Clock port',
      },
      {
        selector: 'CallExpression[callee.name="Date"]',
        message: 'core is pure: the time comes from the Clock port',
      },
      { selector: 'ImportExpression', message: 'core loads nothing at run time' },
    ],
  },
}

export default ts.config(
  {
    ignores: [
      '**/dist/**',
      '**/oclif/commands/**',
      '**/coverage/**',
      '**/reports/**',
      '**/.stryker-tmp/**',
      '**/.turbo/**',
      '**/fixtures/**',
    ],
  },
  js.configs.recommended,
  ...ts.configs.recommended,
  {
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setImmediate: 'readonly',
        setInterval: 'readonly',
        performance: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        Response: 'readonly',
        global: 'readonly',
      },
    },
    rules: {
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_+$', caughtErrorsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: 'error',
    },
  },
  {
    // Functions in them run in a page.
    files: ['apps/demo/scripts/**/*.mjs', 'bench/scrub.mjs'],
    languageOptions: {
      globals: { requestAnimationFrame: 'readonly', scrollTo: 'readonly', scrollY: 'readonly' },
    },
  },
  {
    // What oclif 1 requires, and hosts in tests.
    files: ['**/*.cjs', 'packages/cli-adapter/oclif/**/*.js'],
    languageOptions: { sourceType: 'commonjs', globals: { require: 'readonly', module: 'writable' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  purity,
  ...layers,
)
