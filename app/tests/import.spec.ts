import { expect, type Page, test } from '@playwright/test';
import { violations } from './axe';
import { declines, node, server, withstands } from './failures';
import { approve, arrive } from './people';

const SUBJECT = { reference: 'Patient/p' };

/** An export as a hospital hands it out: one person with four results, somebody else, and something broken. */
function files() {
  const patient = (id: string, given: string) => ({
    resourceType: 'Patient',
    id,
    name: [{ given: [given], family: 'Example' }],
    birthDate: '1980-02-03',
  });
  const result = (day: number) => ({
    resourceType: 'Observation',
    id: `o${day}`,
    status: 'final',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] },
    ],
    code: { coding: [{ system: 'http://loinc.org', code: '718-7', display: 'Hemoglobin' }] },
    subject: SUBJECT,
    effectiveDateTime: `2026-0${day}-15`,
    valueQuantity: { value: 13 + day / 10, unit: 'g/dL' },
  });
  const visit = (day: number) => ({
    resourceType: 'Encounter',
    id: `e${day}`,
    status: 'finished',
    class: { code: 'AMB' },
    subject: SUBJECT,
    period: { start: `2026-0${day}-15`, end: `2026-0${day}-15` },
  });
  const other = { ...result(9), id: 'o-other', subject: { reference: 'Patient/q' } };
  const days = [1, 2, 3, 4];
  const resources = [
    patient('p', 'One'),
    patient('q', 'Two'),
    ...days.flatMap((day) => [visit(day), { ...result(day), encounter: { reference: `Encounter/e${day}` } }]),
    other,
  ];
  const bundle = { resourceType: 'Bundle', type: 'collection', entry: resources.map((resource) => ({ resource })) };
  return [
    { name: 'export.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(bundle)) },
    { name: 'broken.json', mimeType: 'application/json', buffer: Buffer.from('{"resourceType":') },
  ];
}

async function choose(page: Page) {
  await page.locator('input[type=file]').first().setInputFiles(files());
  await page.getByText('One Example').click();
  await show(page);
}

async function show(page: Page) {
  await page.getByRole('button', { name: 'Show what would be added' }).click();
}

test('files of a hospital become records with one approval, after a refusal too, and never twice', async ({ page }) => {
  await arrive(page);
  await page.getByRole('link', { name: 'Add a record' }).click();
  await page.getByRole('link', { name: 'Take over FHIR files' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Take over records' })).toBeVisible();
  expect.soft(await violations(page), 'to choose files').toEqual([]);

  await choose(page);
  await expect(page.getByText(/entries become \d+ records\./)).toBeVisible();
  await page
    .getByText(/left out$/)
    .first()
    .click();
  await expect(page.getByRole('row', { name: 'It is about somebody else Observation 1' })).toBeVisible();
  await expect(page.getByRole('row', { name: /^It is not JSON, or it ends too early/ })).toBeVisible();
  await page.getByText('Exactly these records').click();
  expect.soft(await violations(page), 'what would be added').toEqual([]);

  const add = page.getByRole('button', { name: /^Lock and add \d+ records$/ });
  const count = Number(/\d+/.exec((await add.textContent()) ?? '')?.[0]);
  expect(count).toBeGreaterThanOrEqual(4);
  let stored = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/v1/records')) stored++;
  });
  const goOn = () => page.getByRole('button', { name: /^(Lock and add \d+ records|Continue)$/ }).click();
  await withstands(page, [node, server], goOn);
  await declines(page, async () => {
    await goOn();
    await expect(page.getByText('This page asks you to sign 2 transactions.')).toBeVisible();
  });
  await withstands(page, [server], async () => {
    await goOn();
    await approve(page);
  });
  await expect(page.getByText('Nothing is added so far.')).toBeVisible();
  await goOn();
  await approve(page);
  await expect(page.getByText(`${count} records were added.`)).toBeVisible();
  expect(stored).toBe(count);

  // What is here already is taken for new at no moment.
  await withstands(page, [server], () => choose(page));
  await withstands(page, [node], () => show(page));
  await expect(page.getByRole('button', { name: /^Lock and add/ })).toHaveCount(0);
  await show(page);
  await expect(page.getByText('Everything in these files is here already.')).toBeVisible();
  await page.getByRole('link', { name: 'Records', exact: true }).click();
  await expect(page.getByText(`${count} records. Only you and those you allowed can open them.`)).toBeVisible();
});
