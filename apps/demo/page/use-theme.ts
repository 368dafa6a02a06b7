import { useEffect, useState } from 'react'

const DARK = '(prefers-color-scheme: dark)'

/** The viewer's system says light or dark, until the viewer does. */
export function useTheme(): { theme: 'light' | 'dark'; switchTheme(): void } {
  const [system, setSystem] = useState(() => matchMedia(DARK).matches)
  const [chosen, choose] = useState<'light' | 'dark'>()
  useEffect(() => {
    const media = matchMedia(DARK)
    const follow = (): void => setSystem(media.matches)
    media.addEventListener('change', follow)
    return () => media.removeEventListener('change', follow)
  }, [])
  const theme = chosen ?? (system ? 'dark' : 'light')
  // At once: what is drawn by this render asks for the colours.
  document.documentElement.dataset['theme'] = theme
  return { theme, switchTheme: () => choose(theme === 'dark' ? 'light' : 'dark') }
}
