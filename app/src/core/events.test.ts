import { expect, test } from 'vitest';
import { type Message, messages } from './events';

async function read(...pieces: string[]): Promise<Message[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  const found: Message[] = [];
  for await (const message of messages(body)) found.push(message);
  return found;
}

test('messages are the same however the stream is cut', async () => {
  const text = 'retry: 1000\nid: 4\n\n: a sign of life\nid: 4\n\nid: 5\ndata: {"kind":"grünt",\ndata: "a":1}\n\n';
  const whole = [
    { id: '4', data: undefined },
    { id: '4', data: undefined },
    { id: '5', data: '{"kind":"grünt",\n"a":1}' },
  ];
  expect(await read(text)).toEqual(whole);
  expect(await read(...text)).toEqual(whole);
  expect(await read(...text.replaceAll('\n', '\r\n'))).toEqual(whole);
});

test('what the stream ends in the middle of was not said', async () => {
  expect(await read('id: 1\ndata: a\n\nid: 2\ndata: b\n')).toEqual([{ id: '1', data: 'a' }]);
});
