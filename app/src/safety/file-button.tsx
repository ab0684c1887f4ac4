import { Button, type Weight } from '@/ui/button';
import { FileTrigger } from '@/ui/file-trigger';

/** Chooses a file of text. */
export function FileButton({
  label,
  weight = 'second',
  onText,
}: {
  label: string;
  weight?: Weight;
  onText: (text: string) => void;
}) {
  return (
    <FileTrigger
      acceptedFileTypes={['application/json', '.json']}
      onSelect={(files) => void files?.[0]?.text().then(onText)}
    >
      <Button weight={weight}>{label}</Button>
    </FileTrigger>
  );
}
