import core from '../core/stryker.config.mjs'

export default {
  ...core,
  mutate: [
    'redactor',
    'machine-redactor',
    'redact-*',
    'secret-names',
    'plain-values',
    'glued',
    'nobody',
    'mark',
  ].map((name) => `src/${name}.ts`),
}
