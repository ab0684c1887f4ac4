/**
 * Who sees each page: everybody, somebody who has not set up yet, a patient, or a doctor whom the patient allows.
 * A page that is added gets a line here; `src/router.test.ts` fails without it. `$record`, `$vault` and `$opening` are
 * those of the patient.
 */
export const VISITS: Record<string, 'everybody' | 'newcomer' | 'patient' | 'doctor'> = {
  '/': 'everybody',
  '/about': 'everybody',
  '/about/patients': 'everybody',
  '/about/hospitals': 'everybody',
  '/about/lawyers': 'everybody',
  '/settings': 'everybody',
  '/sign-in': 'everybody',
  '/verify': 'everybody',
  '/set-up': 'newcomer',
  '/guardian': 'newcomer',
  '/recover': 'newcomer',
  '/records': 'patient',
  '/records/add': 'patient',
  '/records/import': 'patient',
  '/records/$record': 'patient',
  '/people': 'patient',
  '/people/allow': 'patient',
  '/people/code': 'patient',
  '/inbox': 'patient',
  '/activity': 'patient',
  '/safety/notifications': 'patient',
  '/safety/guardians': 'patient',
  '/safety/delegates': 'patient',
  '/safety/code': 'patient',
  '/safety/emergency': 'patient',
  '/safety/card': 'patient',
  '/care': 'doctor',
  '/care/issue': 'doctor',
  '/care/access': 'doctor',
  '/care/emergency': 'doctor',
  '/care/emergency/$opening': 'doctor',
  '/care/emergency/$opening/$record': 'doctor',
  '/care/$vault': 'doctor',
  '/care/$vault/$record': 'doctor',
};

/** Dialogs, by their page and the words on the button that opens them. */
export const DIALOGS: readonly { at: string; button: string }[] = [
  { at: '/records/$record', button: 'patient.record.erase' },
  { at: '/records/$record', button: 'records.mark.begin' },
  { at: '/people', button: 'patient.people.stop' },
];
