// What the made-up learner of the longer session does on two evenings.

const MINUTE = 60_000
const FIRST_EVENING = Date.UTC(2026, 9, 5, 16, 2, 11)
const SECOND_EVENING = Date.UTC(2026, 9, 6, 17, 30, 42)
/** The hour without a network, epoch ms. */
export const OFFLINE = [FIRST_EVENING + 41 * MINUTE, FIRST_EVENING + 101 * MINUTE]

const slugs = [
  '00-welcome',
  '01-hello-world',
  '02-variables',
  '03-sum-two-numbers',
  '04-conditionals',
  '05-loops',
  '06-functions',
  '07-dictionaries',
  '08-goodbye',
]
const talks = ['00-welcome', '08-goodbye']
export const steps = slugs.map((slug, position) => ({
  slug,
  position,
  files: [
    { path: `exercises/${slug}/README.md`, name: 'README.md', hidden: false },
    ...(talks.includes(slug) ? [] : [{ path: `exercises/${slug}/app.py`, name: 'app.py', hidden: false }]),
  ],
  is_testeable: !talks.includes(slug),
}))

const red = (text) => `\u001b[31m${text}\u001b[0m`
const green = (text) => `\u001b[32m${text}\u001b[0m`
const bold = (text) => `\u001b[1m${text}\u001b[0m`
const passed = (test) =>
  `${bold('collected 1 item')}\n\ntest_app.py::${test} ${green('PASSED')}\n\n${green('1 passed')} in 0.04s\n`
const failed = (test, reason) =>
  `${bold('collected 1 item')}\n\ntest_app.py::${test} ${red('FAILED')}\n\n${red(`E   ${reason}`)}\n\n${red('1 failed')} in 0.06s\n`
const traceback = (line, code, error) =>
  `Traceback (most recent call last):\n  File "exercises/app.py", line ${line}, in <module>\n    ${code}\n${red(error)}\n`

const firstEvening = [
  [0, 'login', 42],
  [1, 'open', 0],
  [3, 'open', 1],
  [
    2,
    'run',
    1,
    'print("Hello World)\n',
    {
      stderr: traceback(
        1,
        'print("Hello World)',
        'SyntaxError: unterminated string literal (detected at line 1)',
      ),
      exitCode: 1,
    },
  ],
  [1, 'run', 1, 'print("Hello World")\n', { stdout: 'Hello World\n' }],
  [1, 'test', 1, 'print("Hello World")\n', { stdout: passed('test_hello'), exitCode: 0 }],
  [1, 'open', 2],
  [
    4,
    'run',
    2,
    'name = Ada\nprint(name)\n',
    { stderr: traceback(1, 'name = Ada', "NameError: name 'Ada' is not defined"), exitCode: 1 },
  ],
  [
    2,
    'ask',
    2,
    'name = Ada\nprint(name)\n',
    'Why does it say that Ada is not defined?',
    'Without quotes, Python takes Ada for the name of a variable. What would make it a text?',
  ],
  [2, 'run', 2, "name = 'Ada'\nprint(name)\n", { stdout: 'Ada\n' }],
  [
    1,
    'test',
    2,
    "name = 'Ada'\nprint(name)\n",
    { stdout: failed('test_age', "AssertionError: there is no variable 'age'"), exitCode: 1 },
  ],
  [3, 'test', 2, "name = 'Ada'\nage = 36\nprint(name, age)\n", { stdout: passed('test_age'), exitCode: 0 }],
  [1, 'open', 3],
  [
    6,
    'run',
    3,
    "a = input('First: ')\nb = input('Second: ')\nprint(a + b)\n",
    { stdout: 'First: 2\nSecond: 3\n23\n' },
  ],
  [
    2,
    'test',
    3,
    "a = input('First: ')\nb = input('Second: ')\nprint(a + b)\n",
    { stdout: failed('test_sum', "AssertionError: expected '5', printed '23'"), exitCode: 1 },
  ],
  [
    5,
    'ask',
    3,
    "a = input('First: ')\nb = input('Second: ')\nprint(a + b)\n",
    'It prints 23 instead of 5.',
    'input() gives you texts, and + joins texts. How do you turn a text into a number?',
  ],
  [
    3,
    'run',
    3,
    "a = int(input('First: '))\nb = int(input('Second: '))\nprint(a + b)\n",
    { stdout: 'First: 2\nSecond: 3\n5\n' },
  ],
  [
    1,
    'test',
    3,
    "a = int(input('First: '))\nb = int(input('Second: '))\nprint(a + b)\n",
    { stdout: passed('test_sum'), exitCode: 0 },
  ],
  [2, 'open', 4],
  // From here on there is no network.
  [
    6,
    'run',
    4,
    'temperature = 31\nif temperature > 30\n    print("hot")\n',
    { stderr: traceback(2, 'if temperature > 30', "SyntaxError: expected ':'"), exitCode: 1 },
  ],
  [
    3,
    'run',
    4,
    'temperature = 31\nif temperature > 30:\nprint("hot")\n',
    {
      stderr: traceback(
        3,
        'print("hot")',
        "IndentationError: expected an indented block after 'if' statement on line 2",
      ),
      exitCode: 1,
    },
  ],
  [2, 'run', 4, 'temperature = 31\nif temperature > 30:\n    print("hot")\n', { stdout: 'hot\n' }],
  [
    2,
    'test',
    4,
    'temperature = 31\nif temperature > 30:\n    print("hot")\n',
    { stdout: failed('test_cold', 'AssertionError: nothing is printed for 12'), exitCode: 1 },
  ],
  [
    7,
    'test',
    4,
    'temperature = 31\nif temperature > 30:\n    print("hot")\nelif temperature < 15:\n    print("cold")\n',
    { stdout: failed('test_mild', 'AssertionError: nothing is printed for 20'), exitCode: 1 },
  ],
  [
    8,
    'test',
    4,
    'temperature = 31\nif temperature > 30:\n    print("hot")\nelif temperature < 15:\n    print("cold")\nelse:\n    print("mild")\n',
    { stdout: passed('test_mild'), exitCode: 0 },
  ],
  [4, 'open', 5],
  [
    9,
    'run',
    5,
    'for i in 10:\n    print(i)\n',
    { stderr: traceback(1, 'for i in 10:', "TypeError: 'int' object is not iterable"), exitCode: 1 },
  ],
  [
    6,
    'run',
    5,
    'for i in range(10):\n    print(i)\n',
    { stdout: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].join('\n') + '\n' },
  ],
  [
    3,
    'test',
    5,
    'for i in range(10):\n    print(i)\n',
    { stdout: failed('test_until_ten', 'AssertionError: 10 is missing'), exitCode: 1 },
  ],
  // And here it is back.
  [
    16,
    'test',
    5,
    'for i in range(1, 11):\n    print(i)\n',
    { stdout: passed('test_until_ten'), exitCode: 0 },
  ],
  [2, 'end', 'SIGINT'],
]
const secondEvening = [
  [1, 'open', 6],
  [5, 'run', 6, 'def greet(name):\n    "Hello " + name\n\nprint(greet("Grace"))\n', { stdout: 'None\n' }],
  [
    3,
    'ask',
    6,
    'def greet(name):\n    "Hello " + name\n\nprint(greet("Grace"))\n',
    'Where does None come from?',
    'A function that does not say `return` gives back None. What should greet give back?',
  ],
  [
    2,
    'run',
    6,
    'def greet(name):\n    return "Hello " + name\n\nprint(greet("Grace"))\n',
    { stdout: 'Hello Grace\n' },
  ],
  [
    1,
    'test',
    6,
    'def greet(name):\n    return "Hello " + name\n\nprint(greet("Grace"))\n',
    {
      stdout: failed('test_default', "TypeError: greet() missing 1 required positional argument: 'name'"),
      exitCode: 1,
    },
  ],
  [
    4,
    'test',
    6,
    'def greet(name="World"):\n    return "Hello " + name\n\nprint(greet("Grace"))\n',
    { stdout: passed('test_default'), exitCode: 0 },
  ],
  [1, 'open', 7],
  [
    7,
    'run',
    7,
    'ages = {"Ada": 36, "Grace": 85}\nprint(ages["Alan"])\n',
    { stderr: traceback(2, 'print(ages["Alan"])', "KeyError: 'Alan'"), exitCode: 1 },
  ],
  [
    4,
    'ask',
    7,
    'ages = {"Ada": 36, "Grace": 85}\nprint(ages["Alan"])\n',
    'How do I ask for a key that may not be there?',
    'Look at what `ages.get("Alan")` gives you, and at its second argument.',
  ],
  [
    5,
    'test',
    7,
    'ages = {"Ada": 36, "Grace": 85}\nprint(ages.get("Alan"))\n',
    { stdout: failed('test_unknown', "AssertionError: expected 'unknown', printed 'None'"), exitCode: 1 },
  ],
  [
    6,
    'test',
    7,
    'ages = {"Ada": 36, "Grace": 85}\nprint(ages.get("Alan", unknown))\n',
    { stdout: failed('test_unknown', "NameError: name 'unknown' is not defined"), exitCode: 1 },
  ],
  [12, 'open', 8],
  [1, 'end', 'SIGINT'],
]

/** When each begins, epoch ms, and what is done: minutes since the last thing, the thing, and what comes with it. */
export const evenings = [
  [FIRST_EVENING, firstEvening],
  [SECOND_EVENING, secondEvening],
]
