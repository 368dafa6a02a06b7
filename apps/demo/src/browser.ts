import open from 'open'

/** Opens the page where somebody sits at a terminal with a browser; what goes wrong is theirs to see: the address is printed. */
export function openInBrowser(url: string): void {
  const { CI, DISPLAY, WAYLAND_DISPLAY, SSH_CONNECTION } = process.env
  const desktop =
    process.platform === 'darwin' || process.platform === 'win32' || Boolean(DISPLAY ?? WAYLAND_DISPLAY)
  if (!process.stdout.isTTY || CI !== undefined || SSH_CONNECTION !== undefined || !desktop) return
  open(url).then(
    (child) => child.on('error', () => {}),
    () => {},
  )
}
