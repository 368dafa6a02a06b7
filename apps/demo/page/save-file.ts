/** Has the browser save `pieces` as a file of JSON. */
export function saveFile(name: string, pieces: Iterable<string>): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([...pieces], { type: 'application/json' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
