// What redaction takes out and what it leaves (SPEC §8): every case of the corpus is a test.

import { isMainThread } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRedactor } from '../src/index'
import { redactorOf } from '../src/redactor'
import { ACCOUNTS } from '../src/nobody'
import { HINT, secretSort, SECRET_NAMES, withoutAccents } from '../src/secret-names'
import { negatives as ofLessons, positives as ofShapes, type Positive } from './redaction-corpus'
import { examples } from './redaction-corpus-providers'
import { toolNegatives, toolPositives } from './redaction-corpus-tools'
import { tries } from './support'

const redact = redactorOf()
const positives: readonly Positive[] = [...ofShapes, ...toolPositives, ...examples]
const negatives = [...ofLessons, ...toolNegatives]

describe('is taken out', () => {
  it.each(positives)('$what', ({ text, secret, result }) => {
    const cleaned = redact(text)
    expect(cleaned).not.toContain(secret)
    expect(cleaned).toMatch(/\[redacted:[a-z-]+\]/)
    expect(cleaned).not.toMatch(/\[redacted:[^\]]*\[/)
    if (result !== undefined) expect(cleaned).toBe(result)
    expect(redact(cleaned)).toBe(cleaned)
  })
})

describe('stays', () => {
  it.each(negatives)('%j', (text) => {
    expect(redact(text)).toBe(text)
  })
})

it('the corpus is as large as it says', () => {
  expect(positives.length).toBeGreaterThan(550)
  expect(negatives.length).toBeGreaterThan(350)
})

it.each([
  ['password', 'dbPassword', 'DBPassword', 'user_pass', 'password2', 'newPassword_confirm'],
  ['password', 'contraseña', 'contrasen\u0303a', 'CONTRASEN\u0303A', 'contrasenha', 'nuevaContraseña'],
  ['password', 'mot_de_passe', 'motDePasse', 'motdepasse', 'MDP', 'senha', 'senha_do_banco', 'palavra_passe'],
  [
    'key',
    'clave',
    'CLAVE_API',
    'claveSecreta',
    'clave_de_acceso',
    'chave_api',
    'cl\u00e9_API',
    'cle\u0301API',
  ],
  ['key', 'appid', 'appId', 'app_id', 'jeton', '_auth', 'sessionid', 'PHPSESSID', 'csrftoken'],
  [
    'key',
    'API_KEY',
    'x-api-key',
    'apiKey10',
    'accessToken',
    'SCHOOL_KEY_2',
    'process.env.SCHOOL_KEY',
    'jwt.secret',
  ],
  [
    undefined,
    '',
    '_',
    'test',
    'key',
    'KEY',
    'school_key',
    'PUBLIC_KEY',
    'tokens',
    'monkey',
    'pass',
    'passed',
    '1password',
    'confirm',
    'palabra_clave',
    'palavras_chave',
    'motsCl\u00e9s',
    'clave_primaria',
    'contrasena_valida',
    'mot',
    'basic_auth',
  ],
])('a name says that its value is a %s', (sort, ...names) => {
  for (const name of names) expect([name, secretSort(name ?? '')]).toEqual([name, sort])
})

describe('a name that says that its value is a secret', () => {
  it.each(SECRET_NAMES)('%s: of a field, and in a text', (spelled) => {
    const written = [spelled, spelled.normalize('NFD'), withoutAccents(spelled), spelled.toUpperCase()]
    for (const sign of ['_', '-', '.', '']) {
      for (const word of written) {
        const name = word.replaceAll('-', sign)
        for (const whole of sign === '' ? [name] : [name, `my${sign}${name}`, `${name}${sign}api`]) {
          expect([whole, secretSort(whole)]).not.toEqual([whole, undefined])
          expect(whole).toMatch(HINT)
          expect(redact('k9Qw3zT7pX2m', whole)).toBe('[redacted:secret]')
          expect(redact(`${whole} = "k9Qw3zT7pX2m"`)).toBe(`${whole} = "[redacted:secret]"`)
        }
      }
    }
  })
})

describe('an account that names nobody', () => {
  it.each([...ACCOUNTS])('%s: stays in a path, also where it is the one of this machine', (name) => {
    const text = `in /home/${name}/x and C:\\Users\\${name}\\x, said ${name}`
    expect(redact(text)).toBe(text)
    expect(redactorOf({ names: [name, name.toUpperCase()] })(text)).toBe(text)
  })
})

it('what a colour hid is seen once that is gone, and a path behind it stays', () => {
  const twice = '/home/ana\u001B[0mabcdefgh/home/fetch("/Users/ana/posts")'
  expect(redact(twice)).toBe(redact(redact(twice)))
  expect(redact('ls: /home/anamaria\u001B[0m/\u001B[01;34mDocuments\u001B[0m')).toContain('Documents')
})

it('what stood behind a secret is seen once that is gone', () => {
  const glued = `dop_v1_${'0f'.repeat(32)}sk-${'x1'.repeat(20)}`
  expect(redact(glued)).toBe('[redacted:key][redacted:key]')
})

it('a token is seen wherever it stands', () => {
  const key = `AKIA${'Q7'.repeat(8)}`
  for (let before = 0; before <= 40; before++) {
    const blanks = ' '.repeat(before)
    expect(redact(`${blanks}${key}`)).toBe(`${blanks}[redacted:key]`)
  }
})

it('what colours cut in several is taken out as a whole', () => {
  const part = 'x1y2'.repeat(6)
  const found = `key.txt:sk-proj-${part}\u001B[01;31m\u001B[K${'z3'}\u001B[m\u001B[K${part}\u001B[0m${part}, x1`
  expect(redact(found)).toBe('key.txt:[redacted:key], x1')
  expect(redact('/home/ana\u001B[1mmaria-luisa\u001B[0mde-los-rios')).toBe('/home/[redacted:user]')
})

describe('the names of this machine', () => {
  it.each([
    ['legion@DESKTOP-4:~$ ls', '[redacted:user]@DESKTOP-4:~$ ls'],
    ['hello Legion, hello legionnaire', 'hello [redacted:user], hello legionnaire'],
    ['j.doe, luis and jade', '[redacted:user], [redacted:user] and jade'],
    ['ana, root and [redacted:email]', 'ana, root and [redacted:email]'],
  ])('%j', (text, cleaned) => {
    const mine = redactorOf({ names: ['legion', 'luis', 'j.doe', 'ana', 'root', 'email'] })
    expect(mine(text)).toBe(cleaned)
    expect(mine(cleaned)).toBe(cleaned)
  })

  it.each([
    ['/srv/people/legion/x.py', '/srv/people/[redacted:user]/x.py'],
    [':/srv/people/legion/bin'.repeat(6), ':/srv/people/[redacted:user]/bin'.repeat(6)],
    ['/srv/people/LEGION', '/srv/people/LEGION'],
    ['"\\/srv\\/people\\/legion\\/x"', '"\\/srv\\/people\\/[redacted:user]\\/x"'],
    ['e:/data/LEGION/x, not d:/data/LEGION/x', 'e:/data/[redacted:user]/x, not d:/data/LEGION/x'],
    ['E:\\\\Data\\\\Legion\\\\x', 'E:\\\\Data\\\\[redacted:user]\\\\x'],
    ['/data/j.doe/x, /data/jade/x', '/data/[redacted:user]/x, /data/jade/x'],
    ['?at=%22/srv/people/legion/x', '?at=%22/srv/people/[redacted:user]/x'],
    ['cd / && dir C:\\', 'cd / && dir C:\\'],
  ])('in a home: %j', (text, cleaned) => {
    const mine = redactorOf({
      homes: ['/srv/people/legion/', 'E:\\Data\\Legion', '/data/j.doe', '/', 'C:\\', ''],
    })
    expect(mine(text)).toBe(cleaned)
    expect(mine(cleaned)).toBe(cleaned)
  })

  it('a home is taken out whatever it is called', () => {
    const container = redactorOf({ homes: ['/home/ana', '/root'] })
    expect(container('File "/root/x.py", in /home/ana/y, not in /x/root/y')).toBe(
      'File "/[redacted:user]/x.py", in /home/[redacted:user]/y, not in /x/root/y',
    )
  })
})

describe('a home and a name that are in URLs as well', () => {
  const mine = redactorOf({ homes: ['/root'], names: ['root', 'marisol'] })
  it.each([
    ['mysql://root:root@localhost', 'mysql://root:root@localhost'],
    ['https://root.cern and https%3A%2F%2Froot.cern', 'https://root.cern and https%3A%2F%2Froot.cern'],
    ['"https:\\/\\/root.cern"', '"https:\\/\\/root.cern"'],
    ['mysql://marisol:root@localhost', 'mysql://[redacted:user]:root@localhost'],
    ['mysql://marisol:k9Qw3z@db', 'mysql://[redacted:user]:[redacted:password]@db'],
    ['curl -u marisol:root https://x.io', 'curl -u [redacted:user]:root https://x.io'],
    ['file:///root/x, PATH=/bin:/root/bin', 'file:///[redacted:user]/x, PATH=/bin:/[redacted:user]/bin'],
  ])('%j', (text, cleaned) => {
    expect(mine(text)).toBe(cleaned)
    expect(mine(cleaned)).toBe(cleaned)
  })
})

// A thread has an environment of its own, which the system does not look at: mutants are run in threads.
it.skipIf(!isMainThread)('the machine is asked for its home, and more homes and names may be given', () => {
  vi.stubEnv('HOME', '/srv/people/marisol')
  vi.stubEnv('USERPROFILE', '/srv/people/marisol')
  onTestFinished(() => void vi.unstubAllEnvs())
  const mine = createRedactor({ homes: ['/data/ana'], names: ['rosalinda'] })
  expect(mine('/srv/people/marisol/x and /data/ana/y of Rosalinda')).toBe(
    '/srv/people/[redacted:user]/x and /data/[redacted:user]/y of [redacted:user]',
  )
})

const secrets = positives.map(({ text, secret }) => [text, secret] as const)
const pieces = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom(...secrets.map(([text]) => text), ...negatives),
  fc.constantFrom(
    '/home/',
    'C:\\Users\\',
    '@',
    '://',
    ':',
    '=',
    '"',
    '\\n',
    ' ',
    '\n',
    'password',
    'sk-',
    'eyJ',
    '[',
  ),
)
const anything = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''))

const ofMachine = redactorOf({ homes: ['/root', '/home/marisol'], names: ['marisol'] })

describe('whatever it is given', () => {
  it('no mark is inside another, and what is known of the machine changes nothing of that', () => {
    const near = fc.constantFrom(
      'mysql://root:root@localhost',
      'marisol',
      '/root',
      '://',
      ':',
      '@db ',
      'password=',
    )
    const texts = fc.array(fc.oneof(near, pieces), { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(texts, (text) => {
        const once = ofMachine(text)
        if (!text.includes('[')) expect(once).not.toMatch(/\[redacted:[a-z-]*\[/)
        expect(ofMachine(once)).toBe(once)
      }),
      { numRuns: tries(1_000) },
    )
  })

  it('redacting twice changes nothing', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const once = redact(text)
        expect(redact(once)).toBe(once)
      }),
      { numRuns: tries(2_000) },
    )
  })

  it('a text without anything to look for stays', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).map((text) => text.replace(/[@\\/:=\w-]/g, ' ')),
        (text) => {
          expect(redact(text)).toBe(text)
        },
      ),
    )
  })

  it('a secret between other lines is taken out', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom(...secrets),
        fc.string({ unit: 'binary' }),
        (before, [text, secret], after) => {
          fc.pre(!before.includes('-----') && !after.includes(secret) && !before.includes(secret))
          expect(redact(`${before}\n${text}\n${after}`)).not.toContain(secret)
        },
      ),
      { numRuns: tries(2_000) },
    )
  })

  it('JSON stays JSON', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const json = JSON.stringify({ text, texts: [JSON.stringify(text)] })
        expect(() => void JSON.parse(redact(json))).not.toThrow()
      }),
      { numRuns: tries(2_000) },
    )
  })
})

// Bounded by the clock of the test alone: quadratic work on texts of that length takes minutes. So a mutant would.
describe.skipIf('STRYKER_MUTATOR_WORKER' in process.env)('a hostile text of 1 MB', () => {
  it.each([
    ...[
      'a',
      '@',
      'a@',
      'a.a@',
      '%40',
      '/',
      '\\',
      '/home/',
      ' /home/a',
      'C:\\Users\\',
      'C:\\Users\\a b ',
      'users',
      'wsl$',
    ],
    ...[
      ':',
      '=',
      '"',
      '\'"`',
      '\\"',
      'key',
      'key=',
      'api_key="',
      'api_key="a',
      'password=a1',
      'token: ',
      '--token ',
    ],
    ...['-', '-----BEGIN', '-----BEGIN PRIVATE KEY-----', '-----END PRIVATE KEY-----', 'aaaaaaaaaaaaaaaa\n'],
    ...[
      '-----BEGIN RSA PRIVATE KEY----- Aa: x Aa: x ',
      '-----BEGIN RSA PRIVATE KEY-----\nAb: x\nAb:  ',
      '\nAb: x',
    ],
    ...[
      '-e API_KEY=',
      ' _auth=',
      '/:_password=',
      'machine a login a ',
      'Private-Lines: 1\naaaaaaaaaaaaaaaa\n',
    ],
    ...[
      'aaaaaaaaaaaaaaaa\nPrivate-MAC: ',
      'password\nvalue',
      'contrasen\u0303a',
      'password=b\'a"',
      'LS0tLS1CRUdJTi',
    ],
    ...['a password: x1x1x1 #', "password='a!!!!", 'pass: 1', '[redacted:key]\u001B[1mx', '\u001B[1mx'],
    ...[
      'eyJ',
      'eyJaaaaaaaa.',
      '\\neyJ',
      'sk-',
      'sk-ant-',
      'ghp_',
      'SG.',
      'ops_ey',
      'ops_ey+',
      'cle ',
      '1//0',
      '0:AA',
      'MMMMMMMMMMMMMMMMMMMMMMMM.',
    ],
    ...[
      '://',
      '://:@',
      '://a:',
      'bearer ',
      'authorization: a ',
      'hooks.slack.com/a/',
      '/webhooks/',
      'é@',
      '\u{1F600}',
      '[',
    ],
  ])('of %j is done with', (unit) => {
    const text = unit.repeat(Math.ceil(2 ** 20 / unit.length))
    expect(redact(`${text} ghp_${'x1'.repeat(18)} ${text}`)).not.toContain('x1x1x1x1')
  })
  it('of dots for the name of a person is done with', () => {
    expect(redact(`C:\\Users\\${'.'.repeat(2 ** 20)}x`)).toBe('C:\\Users\\[redacted:user]')
  })
})
