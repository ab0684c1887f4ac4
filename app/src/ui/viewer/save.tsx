import { Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '../button';
import { fileName } from './media';

/** How long a browser may take to begin a download. */
const KEPT = 60_000;

/** Has the browser save a content as a file: a choice of whoever reads, and the only way it leaves the page. */
export function save(title: string, mediaType: string, content: Uint8Array): void {
  // Bytes and no kind: a browser that opened the file instead would do so outside this page's rules.
  const blob = new Blob([content as Uint8Array<ArrayBuffer>], { type: 'application/octet-stream' });
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName(title, mediaType);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT);
}

export function SaveButton({ title, mediaType, content }: { title: string; mediaType: string; content: Uint8Array }) {
  const { t } = useTranslation();
  return (
    <div className="flex flex-col items-start gap-0.5">
      <Button onPress={() => save(title, mediaType, content)}>
        <Download aria-hidden className="size-2.5" />
        {t('viewer.save')}
      </Button>
      <p className="text-soft text-sm">{t('viewer.saveHint')}</p>
    </div>
  );
}
