import { expect, test } from '@playwright/test';
import { violations } from './axe';
import { declines, node, server, withstands } from './failures';
import { addExample, allow, approve, arrive, arriveAsDoctor, patientOf } from './people';

test('a record that is erased is gone for the patient and for whom they allowed, and the chain says so', async ({
  browser,
}) => {
  const [patient, doctor] = await Promise.all([0, 1].map(async () => (await browser.newContext()).newPage()));
  if (!patient || !doctor) throw new Error('two pages');
  const vault = await arrive(patient);
  await addExample(patient);
  await allow(patient, process.env.AEGLE_DOCTOR ?? '');
  await arriveAsDoctor(doctor);
  await patientOf(doctor, vault).click();
  await doctor.getByRole('link', { name: /Laboratory results/ }).click();
  await expect(doctor.getByText('Hemoglobin')).toBeVisible();

  await patient.getByRole('link', { name: 'Records', exact: true }).click();
  await patient.getByRole('link', { name: 'Blood count (example)' }).click();
  await expect(patient.getByText('Hemoglobin')).toBeVisible();
  const record = new URL(patient.url()).pathname.split('/').at(-1) ?? '';
  await patient.getByRole('button', { name: 'Erase' }).click();
  const dialog = patient.getByRole('dialog', { name: 'Erase this record?' });
  // What fails leaves it as it was.
  const erase = () => dialog.getByRole('button', { name: 'Erase for good' }).click();
  await withstands(dialog, [node], erase);
  await declines(dialog, erase);
  await withstands(dialog, [server], async () => {
    await erase();
    await approve(patient);
  });
  await expect(patient.getByText('Hemoglobin')).toBeVisible();
  await erase();
  await approve(patient);
  await expect(dialog.getByText('The keys are being destroyed')).toBeVisible();
  await expect(patient.getByText('Erased. Nothing of it can be opened any more.')).toBeVisible();
  expect.soft(await violations(patient), 'erased').toEqual([]);
  await patient.getByRole('button', { name: 'Done' }).click();
  await expect(patient.getByText('No records yet')).toBeVisible();

  // The doctor, who had it open, gets it no more.
  await doctor.getByRole('button', { name: 'Lock' }).click();
  await arriveAsDoctor(doctor);
  await patientOf(doctor, vault).click();
  await expect(doctor.getByText(/^No record is open to you/)).toBeVisible();

  // Everybody can check that.
  await patient.goto(`/verify?what=${record}`);
  await expect(patient.getByText(/^erased: its content and the keys to it/)).toBeVisible();
});
