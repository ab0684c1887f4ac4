/** Kinds of files by their media type. */

const ENDINGS: Record<string, string> = {
  'application/fhir+json': 'json',
  'application/json': 'json',
  'application/pdf': 'pdf',
  'application/xml': 'xml',
  'application/dicom': 'dcm',
  'text/plain': 'txt',
  'text/markdown': 'md',
  'text/html': 'html',
  'text/csv': 'csv',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
};

/** The type without its parameters. */
export function essence(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase();
}

/** Pictures that browsers show and that cannot act. */
export function isPicture(mediaType: string): boolean {
  return ['image/png', 'image/jpeg', 'image/gif', 'image/webp'].includes(essence(mediaType));
}

export function isJson(mediaType: string): boolean {
  return /^application\/(?:[\w.-]+\+)?json$/.test(essence(mediaType));
}

export function isText(mediaType: string): boolean {
  return essence(mediaType).startsWith('text/') || isJson(mediaType) || essence(mediaType) === 'application/xml';
}

/** Text in the charset that its type names, UTF-8 without. */
export function text(content: Uint8Array, mediaType: string): string {
  const charset = /charset="?([\w-]+)/i.exec(mediaType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(content);
  } catch {
    return new TextDecoder().decode(content);
  }
}

/** A name that every file system takes. */
export function fileName(title: string, mediaType: string): string {
  const ending = ENDINGS[essence(mediaType)];
  const name =
    title
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a name may contain anything
      .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\\/:*?"<>|]+/g, ' ')
      .replace(/^[\s.]+|[\s.]+$/g, '')
      .slice(0, 100)
      .trim() || 'record';
  return ending === undefined || name.toLowerCase().endsWith(`.${ending}`) ? name : `${name}.${ending}`;
}
