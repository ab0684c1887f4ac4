import { afterEach, expect, test, vi } from 'vitest';
import { Node, NodeError } from './node';

afterEach(() => vi.unstubAllGlobals());

/** Answers in their order, the last one from then on. */
function answers(...bodies: object[]): void {
  vi.stubGlobal('fetch', async () => Response.json(bodies.length > 1 ? bodies.shift() : bodies[0]));
}

test('a node that answers with nothing is asked again', async () => {
  answers({ jsonrpc: '2.0', id: 1 }, { jsonrpc: '2.0', id: 1, result: 7 });
  expect(await new Node('http://node.example').ask('getSlot')).toBe(7);
});

test('a node that goes on answering with nothing has not answered', async () => {
  answers({});
  await expect(new Node('http://node.example').ask('getSlot')).rejects.toThrow(NodeError);
});

test('nothing there is an answer, and a refusal is final', async () => {
  answers({ result: null }, { error: { message: 'no such method' } });
  const node = new Node('http://node.example');
  expect(await node.ask('getTransaction')).toBeNull();
  await expect(node.ask('getSlot')).rejects.toThrow('no such method');
});
