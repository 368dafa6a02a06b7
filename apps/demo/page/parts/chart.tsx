import {
  BarController,
  BarElement,
  CategoryScale,
  Chart as ChartJs,
  Legend,
  LinearScale,
  Tooltip,
  type ChartData,
  type ChartOptions,
} from 'chart.js'
import { useEffect, useRef } from 'react'

ChartJs.register(BarController, BarElement, CategoryScale, LinearScale, Legend, Tooltip)

export interface ChartProps {
  readonly title: string
  /** What it shows in a sentence, for who does not see it. */
  readonly says: string
  readonly data: ChartData<'bar', (number | [number, number] | null)[], string>
  readonly options?: ChartOptions<'bar'>
  readonly theme: string
}

export function Chart({ title, says, data, options = {}, theme }: ChartProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const chart = useRef<ChartJs>(undefined)

  useEffect(() => {
    const ink = colour('--muted')
    const scale = { ticks: { color: ink }, grid: { color: colour('--line') } }
    chart.current = new ChartJs(canvas.current as HTMLCanvasElement, {
      type: 'bar',
      data: { labels: [], datasets: [] },
      options: {
        animation: false,
        maintainAspectRatio: false,
        ...options,
        plugins: { legend: { labels: { color: ink, boxWidth: 12 } }, ...options.plugins },
        scales: Object.fromEntries(
          ['x', 'y'].map((axis) => {
            const own = options.scales?.[axis]
            return [axis, { ...scale, beginAtZero: true, ...own, ticks: { ...scale.ticks, ...own?.ticks } }]
          }),
        ),
      },
    })
    return () => chart.current?.destroy()
    // The options of a chart never change; its colours do with the theme.
  }, [theme])

  useEffect(() => {
    if (chart.current === undefined) return
    chart.current.data = data as ChartJs['data']
    chart.current.update('none')
  }, [data, theme])

  return (
    <figure className="chart">
      <figcaption>{title}</figcaption>
      <div className="canvas">
        <canvas ref={canvas} role="img" aria-label={`${title}: ${says}`} />
      </div>
    </figure>
  )
}

/** A colour of the page's theme. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim()
