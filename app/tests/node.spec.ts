import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, type Page, test } from '@playwright/test';
import { violations } from './axe';
import { addExample, arrive } from './people';

/** A node of the reader's own, elsewhere: it passes on what it is asked, or answers nothing. */
class OwnNode {
  readonly asked: string[] = [];
  isAway = false;
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      response.setHeader('access-control-allow-origin', '*');
      response.setHeader('access-control-allow-headers', 'content-type');
      if (request.method === 'OPTIONS') return response.writeHead(204).end();
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece);
      const body = Buffer.concat(pieces).toString();
      this.asked.push(JSON.parse(body).method);
      if (this.isAway) return response.writeHead(503).end();
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(process.env.AEGLE_RPC_URL ?? '', { method: 'POST', headers, body });
      return response.writeHead(200, headers).end(await answer.text());
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Whether a script of the page reaches an address. */
function reaches(page: Page, url: string): Promise<boolean> {
  return page.evaluate(
    (url) =>
      fetch(url, { method: 'POST', body: '{"method":"leak"}', mode: 'no-cors' }).then(
        () => true,
        () => false,
      ),
    url,
  );
}

async function choose(page: Page, node: string) {
  await page.getByText('What it is checked against').click();
  await page.getByLabel('Address of a node of the network').fill(node);
}

test('a proof is checked against a node of the reader, and no page with keys reaches it', async ({ page, context }) => {
  const own = new OwnNode();
  const node = await own.start();
  try {
    await arrive(page);
    await addExample(page);
    await page.getByRole('link', { name: 'Blood count (example)' }).click();
    const record = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    expect(await reaches(page, node), 'a page with keys').toBe(false);

    // Signed in, the same page stays closed, and leads to one of its own.
    await page.getByRole('link', { name: 'Check a proof' }).click();
    await page.getByLabel('What do you want to check?').fill(record);
    await choose(page, node);
    await page.getByRole('button', { name: 'Check it' }).click();
    await expect(page.getByText('Signed in, this page asks only the node')).toBeVisible();
    expect(own.asked).toEqual([]);
    const opened = context.waitForEvent('page');
    await page.getByRole('link', { name: 'Open a page of its own' }).first().click();
    const apart = await opened;
    await expect(apart.getByRole('heading', { name: 'What the network says of this record' })).toBeVisible();
    expect(await apart.evaluate(() => window.opener)).toBeNull();

    own.isAway = true;
    await choose(apart, node);
    await apart.getByRole('button', { name: 'Check it' }).click();
    await expect(apart.getByText('The node did not answer as it should')).toBeVisible();
    own.isAway = false;
    await apart.getByRole('button', { name: 'Check it' }).click();
    await expect(apart.getByText(node)).toBeVisible();
    await expect(apart.getByRole('heading', { name: 'What the network says of this record' })).toBeVisible();
    expect(own.asked).toContain('getAccountInfo');
    expect.soft(await violations(apart), 'checked against an own node').toEqual([]);

    // Whatever page comes next is a document of its own, closed again.
    await apart.evaluate(() => Object.assign(window, { isSameDocument: true }));
    await apart.getByRole('link', { name: 'Aegle', exact: true }).click();
    await expect(apart.getByRole('link', { name: 'Start' })).toBeVisible();
    expect(await apart.evaluate(() => 'isSameDocument' in window)).toBe(false);
    expect(await reaches(apart, node), 'a page after that of proofs').toBe(false);
    expect(own.asked).not.toContain('leak');
  } finally {
    await own.stop();
  }
});
