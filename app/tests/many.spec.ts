import { expect, test } from '@playwright/test';
import { addExample, arrive } from './people';

const COUNT = 200;

test('of very many records only those near the screen are opened, and the others when they come near', async ({
  page,
}) => {
  await arrive(page);
  await addExample(page);
  // The one there is, as if it stood there many times: the network knows none of the others.
  await page.route(/\/v1\/records\?/, async (route) => {
    const response = await route.fetch();
    const { data, ...rest } = await response.json();
    const digits = '123456789';
    const another = (index: number) => digits[Math.floor(index / 9) % 9]?.concat(digits[index % 9] ?? '') ?? '';
    const many = Array.from({ length: COUNT }, (_, index) => ({
      ...data[0],
      record:
        index === 0
          ? data[0].record
          : `${data[0].record.slice(0, -4)}${another(Math.floor(index / 81))}${another(index)}`,
    }));
    await route.fulfill({ response, json: { data: many, ...rest } });
  });
  const asked = new Set<string>();
  page.on('request', (request) => {
    const body = request.postData();
    if (body?.includes('getAccountInfo')) asked.add(JSON.parse(body).params?.[0]);
  });
  await page.getByRole('link', { name: 'Inbox', exact: true }).first().click();
  await page.reload();
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByRole('link', { name: 'Records', exact: true }).first().click();
  await expect(page.getByText(`${COUNT} records. Only you and those you allowed can open them.`)).toBeVisible();
  await expect(page.getByRole('link', { name: 'Blood count (example)' })).toBeVisible();
  const few = asked.size;
  expect(few).toBeLessThan(COUNT / 4);
  await page.keyboard.press('End');
  await expect.poll(() => asked.size).toBeGreaterThan(few);
  expect(asked.size).toBeLessThan(COUNT / 2);
});
