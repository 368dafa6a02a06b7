/** Drawn, because not every font has the signs. */
const SHAPES = {
  play: 'M4 2.5v11l9-5.5z',
  pause: 'M4 2.5h3v11H4zM9 2.5h3v11H9z',
  back: 'M3 3h2v10H3zM13 3v10L6 8z',
  on: 'M11 3h2v10h-2zM3 3v10l7-5z',
  open: 'M3 5h10l-5 7z',
  closed: 'M5 3v10l7-5z',
  done: 'M6.3 13 1.8 8.5l1.9-1.9 2.6 2.6 6-6 1.9 1.9z',
  tried: 'M8 2a6 6 0 1 0 0 12zM8 2v12a6 6 0 0 0 0-12zm0 1.6a4.4 4.4 0 0 1 0 8.8z',
  opened: 'M2 3l6 5-6 5zM8 3l6 5-6 5z',
  'not opened': 'M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
} as const

export const Icon = ({ name }: { name: keyof typeof SHAPES }) => (
  <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
    <path fill="currentColor" fillRule="evenodd" d={SHAPES[name]} />
  </svg>
)
