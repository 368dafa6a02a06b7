import { crc32 } from 'node:zlib'

export const crc = (text: string): number => crc32(text)
