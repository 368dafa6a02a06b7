// What a learner does, each time in as few steps as it takes: every call of the host marked `faulty` is where the disk
// fails in a run of its own.
//
// A scenario is a list of parts, done one after the other: `{ script }` is a process, and `{ file }` is a telemetry.json that
// stock left between two of them. Everything in front of the faulty host is done once and copied.

const A = 1001
const B = 1002

const events = (...marks) => marks.map((mark) => ['event', mark])
const settle = ['settle']

/** @param script steps of `host.mjs` */
const host = (script, { exit = 'natural', ...more } = {}) => ({ script, exit, ...more })
const faulty = (script, more) => ({ ...host(script, more), faulty: true })

const start = faulty([['start'], ...events('s1', 's2'), settle, ...events('s3')], { build: 'esm' })

const early = faulty([...events('e1'), ['login', A], ...events('e2'), ['start'], ...events('e3'), settle])

const login = faulty([
  ['start'],
  ...events('l1', 'l2'),
  ['tick', 1_100],
  ['login', A],
  ...events('l3'),
  settle,
  ['logout'],
  ...events('l4'),
  settle,
  ['close'],
])

const workOfA = host([['start'], ['login', A], ...events('p1'), settle, ['close']])
const workOfB = host([['start'], ['login', B], ...events('p2'), settle, ['close']])

const switching = [
  workOfA,
  faulty(
    [
      ['start'],
      ...events('w1'),
      ['login', B],
      ...events('w2'),
      settle,
      ['login', A],
      ...events('w3'),
      settle,
    ],
    {
      build: 'esm',
    },
  ),
]

const burst = [
  workOfA,
  faulty(
    [['start'], ['login', B], ...events('b1'), ['login', A], ...events('b2'), ['logout'], ...events('b3')],
    {
      exit: 'exit',
    },
  ),
]

/** Both have a telemetry; a third session has nobody in it until somebody logs in. */
const before = [
  workOfA,
  workOfB,
  host([['start'], ['logout'], ['close']]),
  faulty([['start'], ...events('n1', 'n2'), ['login', A], ...events('n3'), settle, ['close']]),
]

const nobody = [
  workOfA,
  host([['start'], ['logout'], ['close']]),
  faulty([['start'], ...events('n1'), settle]),
]

/** A telemetry.json as stock writes it, of that student. */
const stock = (user_id, telemetry_id, mark) => ({ file: { user_id, telemetry_id, mark } })

const importing = [
  workOfA,
  stock(A, 'stockstockstock1', 'i1'),
  faulty([['start'], ...events('i2'), settle, ['tick', 1_100], ...events('i3'), ['tick', 6_000], settle]),
]
const importingFresh = [
  stock(A, 'stockstockstock2', 'j1'),
  faulty([['start'], ...events('j2'), ['login', A], ...events('j3'), settle, ['close']]),
]
const importingAnothers = [
  workOfA,
  stock(B, 'stockstockstock3', 'k1'),
  faulty([['start'], ...events('k2'), settle, ['login', B], ...events('k3'), settle], { exit: 'exit' }),
]
/** The fault first, and the file behind it. */
const importingAfter = [
  faulty([['start'], ['login', A], ...events('h1'), ['login', B], ...events('h2'), settle]),
  stock(A, 'stockstockstock4', 'h3'),
]

const delivery = faulty(
  [
    ['start'],
    ['login', A],
    ...events('d1', 'd2', 'd3'),
    settle,
    ['tick', 1_100],
    ...events('d4'),
    settle,
    ['finish'],
    ...events('d5'),
    ['submit'],
    settle,
    ['close'],
  ],
  // Of every three answers.
  { answers: [503, 200, 200] },
)
const refused = faulty(
  [['start'], ['login', A], ...events('r1', 'r2', 'r3'), settle, ...events('r4'), settle],
  {
    answers: [200, 422, 200],
  },
)

const exits = (exit, ...end) => [
  workOfA,
  faulty([['start'], ['login', A], ...events('x1'), ['login', B], ...events('x2'), ...end], { exit }),
]

const session = faulty(
  [
    ['start'],
    ['visit', 'a'],
    ...events('f1'),
    ['session', A],
    ['visit', 'b'],
    ...events('f2'),
    settle,
    ['session', B],
    ['visit', 'a'],
    ...events('f3'),
    ['session', null],
    ['visit', 'b'],
    ...events('f4'),
    settle,
  ],
  { wiring: 'embed', exit: 'exit' },
)

const purge = [workOfA, workOfB, { purge: true, faulty: true }]
/** Nobody repeats it. */
const purgeOnce = [workOfA, workOfB, { purge: true, faulty: true, repeat: false }]

export const SCENARIOS = {
  start: [start],
  early: [early],
  login: [login],
  switch: switching,
  burst,
  'work-before-login': before,
  'work-of-nobody': nobody,
  import: importing,
  'import-fresh': importingFresh,
  'import-of-another': importingAnothers,
  'import-after': importingAfter,
  delivery: [delivery],
  'delivery-refused': [refused],
  session: [session],
  'exit-natural': exits('natural'),
  'exit-process-exit': exits('exit'),
  'exit-signal': exits('signal'),
  'exit-close': exits('natural', ['close']),
  purge,
  'purge-once': purgeOnce,
}

/** What comes behind every scenario: both students log in, and all that waits goes out. @param mark of its own work */
export const aftermath = (mark) =>
  host([
    ['start'],
    ...events(`${mark}1`),
    settle,
    ...[A, B].flatMap((user, n) => [['login', user], ...events(`${mark}${n + 2}`), settle]),
    // A batch at each login: the last work of both is in one.
    ['login', A],
    settle,
    ['login', B],
    settle,
    ['close'],
  ])
