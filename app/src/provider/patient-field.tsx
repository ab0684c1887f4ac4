import { isAddress } from '@solana/kit';
import { useTranslation } from 'react-i18next';
import { TextField } from '@/ui/field';
import { addressIn, ScanButton } from '@/ui/scan';

/** A patient's address: typed, pasted, or read from the code that the patient shows. */
export function PatientField({
  value,
  onChange,
  error,
  isDisabled = false,
}: {
  /** As typed. */
  value: string;
  onChange: (typed: string) => void;
  /** What is wrong with something that is an address. */
  error?: string | undefined;
  isDisabled?: boolean;
}) {
  const { t } = useTranslation();
  const typed = value.trim();
  return (
    <div className="flex flex-col items-start gap-1">
      <div className="w-full">
        <TextField
          label={t('provider.access.ask.patient')}
          hint={t('provider.access.ask.patientHint')}
          error={typed === '' || isAddress(typed) ? error : t('provider.access.ask.wrong')}
          value={value}
          onChange={onChange}
          isDisabled={isDisabled}
        />
      </div>
      <ScanButton
        label={t('provider.patients.scan')}
        isDisabled={isDisabled}
        onFound={(text) => onChange(addressIn(text) ?? text)}
      />
    </div>
  );
}
