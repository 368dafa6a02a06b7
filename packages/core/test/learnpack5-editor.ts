// A small model of LearnPack 5's web editor: it holds one object, changes it at every button, and posts the whole of it
// (SPEC §12).

import fc from 'fast-check'
import type { ImportedSnapshot } from '../src/index'
import { encodeUri, type LearnPack5File } from './learnpack5'
import { jsonOf } from './support'

type Step = Record<string, unknown> & {
  slug: string
  position: number
  is_testeable: boolean
  compilations: object[]
  tests: object[]
  ai_interactions: object[]
  quiz_submissions: object[]
  testeable_elements: Record<string, unknown>[]
  is_completed: boolean
  sessions: number[]
  opened_at?: number
  completed_at?: number
}

type Held = Record<string, unknown> & {
  steps: Step[]
  workout_session: { started_at: number; ended_at?: number }[]
  last_interaction_at: number
}

export interface Post {
  readonly at: number
  readonly body: LearnPack5File
}

export interface Student {
  readonly user_id: string
  readonly fullname: string
}

export class Editor {
  readonly posts: Post[] = []
  private held: Held | undefined
  private open: { step: Step; at: number } | undefined

  constructor(
    private now = 1_760_000_000_000,
    private readonly telemetry_id = 'lp5model00000000',
  ) {}

  wait(ms: number): this {
    this.now += ms
    return this
  }

  start(slugs: readonly string[], { user_id, fullname }: Student, cohort_id: string | null = null): this {
    const now = this.now
    const fresh = (slug: string, position: number): Step => ({
      ...{ slug, position, is_testeable: position % 2 === 1 },
      files: [{ path: `exercises/${slug}/README.md`, name: 'README.md', hidden: false }],
      ...{ compilations: [], tests: [], ai_interactions: [], quiz_submissions: [], testeable_elements: [] },
      ...{ is_completed: false, sessions: [] },
    })
    this.open = undefined
    const before = this.held
    if (before === undefined) {
      this.held = {
        telemetry_id: this.telemetry_id,
        ...{ user_id, fullname, slug: 'intro-js', version: '5.0.348', cohort_id, academy_id: null },
        ...{ agent: 'vscode', tutorial_started_at: now, last_interaction_at: now },
        steps: slugs.map(fresh),
        workout_session: [{ started_at: now }],
      }
      return this.post()
    }
    const last = before.workout_session.at(-1)!
    last.ended_at ??= before.last_interaction_at
    before.workout_session.push({ started_at: now })
    Object.assign(before, { user_id, fullname, cohort_id })
    before.steps = slugs.map((slug, position) => ({
      ...(before.steps.find((step) => step.slug === slug) ?? fresh(slug, position)),
      position,
    }))
    return this.post()
  }

  opens(position: number): this {
    const [held, step] = this.at(position)
    if (step === undefined) return this
    if (this.open !== undefined && this.open.step !== step)
      this.open.step.sessions.push(this.now - this.open.at)
    this.open = { step, at: this.now }
    step.opened_at ??= this.now
    held.last_interaction_at = this.now
    return this.post()
  }

  attempts(
    position: number,
    list: 'compilations' | 'tests',
    texts: readonly string[],
    exit_code: number,
  ): this {
    const [held, step] = this.at(position)
    if (step === undefined) return this
    const [stdout = '', stderr = '', source_code = ''] = texts.map(encodeUri)
    const [ended_at, started_at] = [this.now, this.now - 200]
    step[list].push({ stdout, stderr, source_code, ended_at, started_at, exit_code, errorType: null })
    held.last_interaction_at = this.now
    if (list === 'tests') {
      const element = step.testeable_elements.find(({ type }) => type === 'test')
      if (element !== undefined) element['is_completed'] = exit_code === 0
      if (exit_code === 0) this.completes(step)
    }
    return this.post()
  }

  asks(position: number, texts: readonly string[]): this {
    const [held, step] = this.at(position)
    if (step === undefined) return this
    const [student_message = '', ai_response = '', source = ''] = texts
    const times = { started_at: this.now - 50, ended_at: this.now }
    step.ai_interactions.push({ student_message, ai_response, source_code: encodeUri(source), ...times })
    held.last_interaction_at = this.now
    return this.post()
  }

  answers(position: number, hash: string, texts: readonly string[], isRight: boolean): this {
    const [held, step] = this.at(position)
    if (step === undefined) return this
    step.quiz_submissions.push({
      ...{ started_at: this.now - 900, ended_at: this.now, quiz_hash: hash },
      ...{ status: isRight ? 'SUCCESS' : 'ERROR', percentage: isRight ? 100 : 33.3 },
      selections: texts.map((answer) => ({ question: 'What?', answer, isCorrect: isRight })),
    })
    held.last_interaction_at = this.now
    this.register(step, {
      hash,
      type: 'quiz',
      searchString: 'What?',
      is_completed: isRight,
      metrics: { n: null },
    })
    if (isRight) this.completes(step)
    return this.post()
  }

  registers(position: number, hash: string, type: 'quiz' | 'test'): this {
    const [, step] = this.at(position)
    if (step === undefined) return this
    this.register(step, { hash, type, searchString: hash })
    return this.post()
  }

  /** Five seconds after it was rendered. */
  reads(position: number): this {
    const [, step] = this.at(position)
    if (step === undefined || step.is_testeable) return this
    this.completes(step)
    return this.post()
  }

  tells(key: string, value: unknown): this {
    if (this.held !== undefined) this.held[key] = value
    return this.post()
  }

  post(): this {
    const { held } = this
    if (held === undefined) return this
    const done = held.steps.filter(({ is_completed }) => is_completed).length
    const metrics = {
      global_metrics: {
        total_time_on_platform: (held.last_interaction_at - Number(held['tutorial_started_at'])) / 1000,
        num_sessions: held.workout_session.length,
        completion_rate: (done / held.steps.length) * 100,
        total_interactions: held.steps.reduce(
          (n, { compilations, tests }) => n + compilations.length + tests.length,
          0,
        ),
      },
      global_indicators: { engagement_indicator: done, frustration_indicator: 30 - done },
    }
    this.posts.push({ at: this.now + 3, body: jsonOf({ ...held, ...metrics }) as unknown as LearnPack5File })
    return this
  }

  get last(): ImportedSnapshot {
    return this.posts.at(-1)!.body
  }

  private at(position: number): [Held, Step | undefined] {
    const held = this.held!
    return [held, held.steps[position % held.steps.length]]
  }

  /** It moves to the end of its list. */
  private register(step: Step, element: Record<string, unknown>): void {
    const before = step.testeable_elements.find(({ hash }) => hash === element['hash'])
    step.testeable_elements = step.testeable_elements.filter((one) => one !== before)
    step.testeable_elements.push({ ...before, ...element })
  }

  private completes(step: Step): void {
    step.is_completed = true
    step.completed_at ??= this.now
  }
}

const text = fc.oneof(
  fc.constantFrom('', 'abc', 'print(1)\n', '100% año', '%C3%A9', '{"a":[1,2]}', '👩‍👩‍👧 \u0000 \u001b[31m'),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
)
const texts = fc.tuple(text, text, text)
const position = fc.nat(3)
const hash = fc.constantFrom('h1', 'h2', 'h3', '7')

/** What is done to an editor, one button after the other. */
const button: fc.Arbitrary<(editor: Editor) => unknown> = fc.oneof(
  { weight: 4, arbitrary: position.map((at) => (editor: Editor) => editor.opens(at)) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        position,
        fc.constantFrom('compilations' as const, 'tests' as const),
        texts,
        fc.constantFrom(0, 1),
      )
      .map(
        ([at, list, given, code]) =>
          (editor: Editor) =>
            editor.attempts(at, list, given, code),
      ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(position, texts).map(
      ([at, given]) =>
        (editor: Editor) =>
          editor.asks(at, given),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(position, hash, fc.array(text, { maxLength: 2 }), fc.boolean()).map(
      ([at, name, given, isRight]) =>
        (editor: Editor) =>
          editor.answers(at, name, given, isRight),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(position, hash, fc.constantFrom('quiz' as const, 'test' as const)).map(
      ([at, name, type]) =>
        (editor: Editor) =>
          editor.registers(at, name, type),
    ),
  },
  { weight: 2, arbitrary: position.map((at) => (editor: Editor) => editor.reads(at)) },
  { weight: 2, arbitrary: fc.constant((editor: Editor) => editor.post()) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('package_id', 'version', 'odd', '__odd__'), fc.jsonValue({ maxDepth: 2 }))
      .map(
        ([key, value]) =>
          (editor: Editor) =>
            editor.tells(key, value),
      ),
  },
)

const STUDENTS: readonly Student[] = [
  { user_id: '105', fullname: 'Linus Ejemplo' },
  { user_id: '', fullname: '' },
]

/** A restart: the course may have got steps, lost some for good, or be in another order. */
const restart = fc.record({
  order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 1 }),
  student: fc.nat(1),
  cohort: fc.constantFrom(null, 'cohort-12'),
})

type Action = ((editor: Editor) => unknown) | { order: number[]; student: number; cohort: string | null }

/** What one student, or nobody, did in a course that may change between two starts. */
export const editorSession: fc.Arbitrary<Editor> = fc
  .array(
    fc.tuple(
      fc.integer({ min: 1, max: 90_000 }),
      fc.oneof(
        { weight: 12, arbitrary: button as fc.Arbitrary<Action> },
        { weight: 1, arbitrary: restart as fc.Arbitrary<Action> },
      ),
    ),
    { minLength: 1, maxLength: 30 },
  )
  .map((plan) => {
    const editor = new Editor()
    let here = ['s0', 's1', 's2', 's3']
    const gone = new Set<string>()
    editor.start(here, STUDENTS[0]!)
    for (const [ms, action] of plan) {
      editor.wait(ms)
      if (typeof action === 'function') {
        action(editor)
        continue
      }
      const wanted = action.order.map((n) => `s${n}`).filter((slug) => !gone.has(slug))
      const next = wanted.length === 0 ? ['s9'] : wanted
      for (const slug of here) if (!next.includes(slug)) gone.add(slug)
      here = next
      editor.start(here, STUDENTS[action.student]!, action.cohort)
    }
    return editor
  })
