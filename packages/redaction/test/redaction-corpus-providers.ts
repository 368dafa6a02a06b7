// Examples of every provider that secretlint's recommended rules know, by the name of the rule, in exactly the shape it
// looks for. Put together here, like the rest of the corpus; none was ever issued.

import { alnum, drawn, hex } from './redaction-corpus'

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const DIGITS = '0123456789'
const base64 = (text: string): string => Buffer.from(text).toString('base64')

const pem = (type: string, begin: string, end = '\n'): string => {
  const lines = [begin + alnum(64 - begin.length), alnum(64, 3), alnum(64, 5), alnum(20, 9)]
  return [`-----BEGIN ${type}PRIVATE KEY-----`, ...lines, `-----END ${type}PRIVATE KEY-----`].join(end)
}
const account = (end: string): string =>
  base64(
    JSON.stringify({
      email: 'x@1passwordserviceaccounts.lcl',
      muk: { alg: 'A256GCM', k: alnum(43) },
      secretKey: `A3-${alnum(6)}`,
      userAuth: { method: 'SRPg-4096', salt: alnum(22), end },
    }),
  )
/** Its base64 ends as that of `}}` does. */
const onePassword = ['', 'x', 'xx'].map(account).find((text) => /fQ={0,2}$/.test(text))!

export interface Example {
  /** Of secretlint. */
  readonly rule: string
  readonly what: string
  readonly text: string
  /** What may not be left of it. */
  readonly secret: string
  /** Where it stands by itself, whatever is around it. */
  readonly isToken?: true
  /** What a file is called that the rule looks at. */
  readonly file?: string
}

const token = (rule: string, what: string, secret: string): Example => ({
  rule,
  what,
  text: secret,
  secret,
  isToken: true,
})

export const examples: readonly Example[] = [
  ...['ghp', 'gho', 'ghu', 'ghs', 'ghr'].map((kind) => token('github', kind, `${kind}_${alnum(36)}`)),
  token('github', 'an underscore in it', `ghp_${alnum(12)}_${alnum(23, 3)}`),
  token('github', 'github_pat', `github_pat_${alnum(22)}_${alnum(59)}`),
  token('npm', 'an access token', `npm_${alnum(36)}`),
  token('npm', 'an underscore in it', `npm_${alnum(12)}_${alnum(23, 3)}`),
  {
    rule: 'npm',
    what: 'in a package.json',
    text: `"dependencies": {"x": "git+https://${hex(40)}:x-oauth-basic@github.com/school/x.git"}`,
    secret: hex(40),
    file: 'package.json',
  },
  {
    rule: 'npm',
    what: 'in an .npmrc',
    text: `//npm.school.example/:_authToken=${alnum(36)}`,
    secret: alnum(36),
    file: '.npmrc',
  },
  ...['xoxb', 'xoxp', 'xoxa', 'xoxo'].map((kind) =>
    token('slack', kind, `${kind}-${drawn(12, DIGITS)}-${drawn(12, DIGITS)}-${alnum(24)}`),
  ),
  token('slack', 'xoxr', `xoxr-1-${alnum(34)}-${alnum(12)}`),
  token('slack', 'xapp', `xapp-1-A${drawn(10, DIGITS)}-${drawn(13, DIGITS)}-${hex(40)}`),
  {
    rule: 'slack',
    what: 'a webhook',
    text: `https://hooks.slack.com/services/T${alnum(8)}/B${alnum(8)}/${alnum(24)}`,
    secret: alnum(24),
  },
  token('sendgrid', 'a key', `SG.${alnum(22)}.${alnum(43)}`),
  ...['shppa', 'shpca', 'shpat', 'shpss'].flatMap((kind) => [
    token('shopify', `${kind}, hexadecimal`, `${kind}_${hex(32)}`),
    token('shopify', kind, `${kind}_${alnum(38)}`),
  ]),
  token('openai', 'old', `sk-${alnum(20)}T3BlbkFJ${alnum(20, 3)}`),
  ...['proj', 'svcacct', 'admin'].map((kind) =>
    token('openai', kind, `sk-${kind}-${alnum(74)}T3BlbkFJ${alnum(74, 3)}`),
  ),
  token('openai', 'shorter', `sk-proj-${alnum(28)}_${alnum(29, 5)}T3BlbkFJ${alnum(58, 3)}`),
  token('anthropic', 'api03', `sk-ant-api03-${alnum(60)}_${alnum(32, 3)}AA`),
  token('anthropic', 'api04', `sk-ant-api04-${alnum(93)}AA`),
  token('linear', 'a key', `lin_api_${alnum(40)}`),
  token('linear', 'an underscore in it', `lin_api_${alnum(12)}_${alnum(27, 3)}`),
  token('1password', 'a service account', `ops_${onePassword}`),
  ...[
    'AWS_SECRET_ACCESS_KEY=',
    'aws_secret_access_key = "',
    'AwsSecretAccessKey: ',
    '"SecretAccessKey": "',
  ].map((name) => ({
    rule: 'aws',
    what: name,
    text: `${name}${alnum(20)}/${alnum(19, 3)}${name.endsWith('"') ? '"' : ''}`,
    secret: alnum(20),
  })),
  ...['', 'RSA ', 'EC ', 'DSA '].map((type) => ({
    rule: 'privatekey',
    what: `PEM, ${type}`,
    text: pem(type, 'MIIE'),
    secret: alnum(64, 3),
  })),
  {
    rule: 'privatekey',
    what: 'OpenSSH',
    text: pem('OPENSSH ', 'b3BlbnNzaC1rZXktdjE'),
    secret: alnum(64, 5),
  },
  {
    rule: 'gcp',
    what: 'a service account',
    text: JSON.stringify({
      type: 'service_account',
      private_key_id: hex(40),
      private_key: `${pem('', 'MIIE')}\n`,
      client_email: 'x@school.iam.gserviceaccount.com',
    }),
    secret: alnum(64, 3),
    file: 'account.json',
  },
  ...['https', 'http', 'ftp'].map((scheme) => ({
    rule: 'basicauth',
    what: scheme,
    text: `${scheme}://marisol:${alnum(12)}@files.school.edu/x`,
    secret: alnum(12),
  })),
  ...['mongodb', 'mongodb+srv', 'mysql', 'mysqlx', 'jdbc:mysql', 'postgres', 'postgresql'].map((scheme) => ({
    rule: 'database-connection-string',
    what: scheme,
    text: `${scheme}://marisol:${alnum(12)}@db.school.edu/x`,
    secret: alnum(12),
  })),
  // Off by default in secretlint.
  ...['AKIA', 'ASIA'].map((kind) => token('', `AWS, ${kind}`, `${kind}${drawn(16, UPPER + DIGITS)}`)),
]
