/** A message of a stream of server-sent events; one without data is a sign of life. */
export interface Message {
  id: string | undefined;
  data: string | undefined;
}

/** Messages as they come, until the stream ends (HTML, section 9.2.6). */
export async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let waiting = '';
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    // An end of line at the very end may be half of one.
    waiting = (waiting + next.value).replace(/\r\n|\r(?!$)/g, '\n');
    const blocks = waiting.split('\n\n');
    waiting = blocks.pop() ?? '';
    for (const block of blocks) yield read(block);
  }
}

function read(block: string): Message {
  let [id, data]: (string | undefined)[] = [];
  for (const line of block.split('\n')) {
    const [, name, value = ''] = /^(id|data): ?(.*)$/.exec(line) ?? [];
    if (name === 'id') id = value;
    if (name === 'data') data = data === undefined ? value : `${data}\n${value}`;
  }
  return { id, data };
}
