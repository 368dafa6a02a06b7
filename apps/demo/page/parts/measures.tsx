import { memo, useMemo, useState } from 'react'
import type { Measures } from '@learnpack/telemetry-core'
import type { Moment } from '../model/derive'
import { listOf } from '../model/attempts'
import { firstPass, sessionDays } from '../model/distil'
import { spanInWords } from '../model/words'
import { Chart, colour } from './chart'

type StepMeasures = Measures['steps'][number]

interface Props {
  readonly moment: Moment
  /** Epoch ms of the moment shown. */
  readonly now: number
  readonly theme: string
}

/** The measures of SPEC §11 up to the moment shown, as tiles, charts and a table. */
export const MeasuresPanel = memo(function MeasuresPanel({ moment, now, theme }: Props) {
  const { snapshot, measures } = moment
  const { steps } = measures
  const labels = steps.map(({ slug }) => slug)
  const { passes, questions } = useMemo(
    () => ({
      passes: snapshot.steps.map(firstPass),
      questions: snapshot.steps.map((step) => listOf(step, 'ai_interactions').length),
    }),
    [snapshot],
  )
  const charts = useMemo(() => {
    const [good, bad, run, ai, accent] = ['--good', '--bad', '--run', '--ai', '--accent'].map(colour)
    const days = sessionDays(snapshot, now)
    const dayLabels = [...new Set(days.map(({ day }) => day))]
    const most = Math.max(0, ...dayLabels.map((label) => days.filter(({ day }) => day === label).length))
    const bar = (label: string, data: (number | [number, number] | null)[], backgroundColor: unknown) => ({
      label,
      data,
      backgroundColor: backgroundColor as string,
      maxBarThickness: 28,
    })
    const perStep = (label: string, value: (step: StepMeasures) => number, colour: unknown) =>
      bar(label, steps.map(value), colour)
    const tones = { completed: good, attempted: run, skipped: accent, unread: accent }
    const tests = (wanted: boolean) => passes.map(({ tests, passed }) => (passed === wanted ? tests : 0))
    return {
      time: [
        perStep(
          'minutes',
          (step) => step.time_spent / 60,
          steps.map(({ status }) => tones[status]),
        ),
      ],
      passes: [
        bar('tests until the first pass', tests(true), good),
        bar('tests, none passed yet', tests(false), bad),
      ],
      struggles: [
        perStep('failed runs', (step) => step.comp_struggles, run),
        perStep('failed tests', (step) => step.test_struggles, bad),
      ],
      ai: [bar('questions', questions, ai)],
      indicators: [
        perStep('engagement', (step) => step.engagement_indicator, accent),
        perStep('frustration', (step) => step.frustration_indicator, bad),
      ],
      dayLabels,
      sessions: Array.from({ length: most }, (_, nth) =>
        bar(
          `session ${nth + 1} of the day`,
          dayLabels.map((label): [number, number] | null => {
            const span = days.filter(({ day }) => day === label)[nth]
            return span === undefined ? null : [span.from, Math.max(span.to, span.from + 0.05)]
          }),
          accent,
        ),
      ),
    }
    // A colour is another one in the other theme.
  }, [snapshot, passes, questions, steps, now, theme])

  return (
    <>
      <Tiles course={measures.course} />
      <div className="charts">
        <Chart
          title="Time per step, minutes"
          says={said(steps, ({ time_spent }) => spanInWords(time_spent * 1_000))}
          data={{ labels, datasets: charts.time }}
          options={BARE}
          theme={theme}
        />
        <Chart
          title="Tests until the first pass"
          says={passes
            .map(({ tests, passed }, index) => `${labels[index]} ${tests}${passed ? '' : ', none passed'}`)
            .join('; ')}
          data={{ labels, datasets: charts.passes }}
          options={STACKED}
          theme={theme}
        />
        <Chart
          title="Struggles: failed runs and tests"
          says={said(
            steps,
            ({ comp_struggles, test_struggles }) => `${comp_struggles} and ${test_struggles}`,
          )}
          data={{ labels, datasets: charts.struggles }}
          options={STACKED}
          theme={theme}
        />
        <Chart
          title="Questions to the AI tutor"
          says={questions.map((count, index) => `${labels[index]} ${count}`).join('; ')}
          data={{ labels, datasets: charts.ai }}
          options={COUNTS}
          theme={theme}
        />
        <Chart
          title="Engagement and frustration, 0 to 100"
          says={said(
            steps,
            ({ engagement_indicator, frustration_indicator }) =>
              `${engagement_indicator} and ${frustration_indicator}`,
          )}
          data={{ labels, datasets: charts.indicators }}
          options={PERCENT}
          theme={theme}
        />
        <Chart
          title="Workout sessions, hours of the day"
          says={`${snapshot.workout_session.length} sessions on ${charts.dayLabels.length} days`}
          data={{ labels: charts.dayLabels, datasets: charts.sessions }}
          options={DAY}
          theme={theme}
        />
      </div>
      <Table measures={measures} />
    </>
  )
})

const whole = { ticks: { precision: 0 } }
const COUNTS = { plugins: { legend: { display: false } }, scales: { y: whole } }
const STACKED = { scales: { x: { stacked: true }, y: { stacked: true, ...whole } } }
const BARE = { plugins: { legend: { display: false } } }
const PERCENT = { scales: { y: { max: 100 } } }
const DAY = {
  indexAxis: 'y',
  grouped: false,
  plugins: { legend: { display: false } },
  scales: { x: { min: 0, max: 24, ticks: { stepSize: 3 } } },
} as const

const said = (steps: Measures['steps'], value: (step: StepMeasures) => string): string =>
  steps.map((step) => `${step.slug} ${value(step)}`).join('; ')

function Tiles({ course }: { course: Measures['course'] }) {
  const tiles: [string, string][] = [
    ['completed', `${course.completion_rate} %`],
    ['time on the course', spanInWords(course.total_time_on_platform * 1_000)],
    ['workout sessions', String(course.num_sessions)],
    ['runs and tests', String(course.total_interactions)],
    ['engagement', String(course.engagement_indicator)],
    ['frustration', String(course.frustration_indicator)],
  ]
  return (
    <dl className="tiles">
      {tiles.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Table({ measures: { steps, algo_version } }: { measures: Measures }) {
  const [open, setOpen] = useState(false)
  const columns = Object.keys(steps[0] ?? {}) as (keyof StepMeasures)[]
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>The same as a table (measures {algo_version}, times in seconds)</summary>
      {/* Of a long course it would be most of the page. */}
      {open && (
        <div className="scrolls" tabIndex={0} role="region" aria-label="Measures per step" data-scrolls>
          <table>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {steps.map((step) => (
                <tr key={step.slug}>
                  {columns.map((column) => (
                    <td key={column}>{step[column]}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  )
}
