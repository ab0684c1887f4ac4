import { expect, test } from '@playwright/test';
import { addExample, allow, approve, arrive, arriveAsDoctor, named, showCode } from './people';

test('a doctor opens what a patient allows, and the page closes it when the patient stops', async ({ browser }) => {
  const [patient, doctor] = await Promise.all([0, 1].map(async () => (await browser.newContext()).newPage()));
  if (!patient || !doctor) throw new Error('two pages');
  await arrive(patient);
  await addExample(patient);
  const vault = await showCode(patient);
  await allow(patient, process.env.AEGLE_DOCTOR ?? '');

  await arriveAsDoctor(doctor);
  await doctor.getByRole('link', { name: named(vault) }).click();
  await doctor.getByRole('link', { name: /Laboratory results/ }).click();
  await expect(doctor.getByText('Hemoglobin')).toBeVisible();

  await patient.getByRole('link', { name: 'Who can see', exact: true }).first().click();
  await patient.getByRole('button', { name: 'Stop allowing' }).click();
  await patient.getByRole('dialog').getByRole('button', { name: 'Stop allowing' }).click();
  await approve(patient);
  await expect(doctor.getByText('Hemoglobin')).toHaveCount(0);
  await patient.getByRole('button', { name: 'Done' }).click();
  await patient.getByRole('link', { name: 'Who looked', exact: true }).click();
  await expect(patient.getByText('opened a record').first()).toBeVisible();
});
