import { FileText } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { size } from '@/words/say';
import { Disclosure } from '../disclosure';
import { Note } from '../note';
import { FhirDocument, readFhir } from './fhir/document';
import { CleanHtml } from './html';
import { essence, isJson, isPicture, isText, text } from './media';
import { Picture } from './picture';
import { SaveButton } from './save';

/**
 * A record's content as one reads it: health records in FHIR, texts and pictures; anything else as a file to
 * download. Nothing in a content acts, and nothing is fetched for it.
 */
export function Viewer({ mediaType, content, title }: { mediaType: string; content: Uint8Array; title: string }) {
  const { t } = useTranslation();
  const written = useMemo(() => (isText(mediaType) ? text(content, mediaType) : undefined), [mediaType, content]);
  const resource = useMemo(
    () => (isJson(mediaType) && written !== undefined ? readFhir(written) : undefined),
    [mediaType, written],
  );
  if (content.length === 0) return <Note>{t('viewer.empty')}</Note>;
  if (isPicture(mediaType)) return <Picture title={title} mediaType={mediaType} content={content} />;
  if (written === undefined) return <File mediaType={mediaType} content={content} title={title} />;
  if (resource) {
    return (
      <div className="flex min-w-0 flex-col gap-2">
        <FhirDocument root={resource} />
        <Disclosure label={t('viewer.asIssued')}>{() => <Text>{written}</Text>}</Disclosure>
      </div>
    );
  }
  return (
    <div className="flex min-w-0 flex-col gap-2">
      {essence(mediaType) === 'application/fhir+json' && <Note kind="wait">{t('viewer.unreadable')}</Note>}
      {essence(mediaType) === 'text/html' ? <CleanHtml html={written} /> : <Text>{written}</Text>}
    </div>
  );
}

function Text({ children }: { children: string }) {
  return (
    <p dir="auto" className="whitespace-pre-wrap break-words rounded bg-sunk p-2">
      {children}
    </p>
  );
}

function File({ mediaType, content, title }: { mediaType: string; content: Uint8Array; title: string }) {
  const { t } = useTranslation();
  const kind =
    essence(mediaType) === 'application/pdf' ? t('viewer.pdf') : essence(mediaType) || t('viewer.unknownKind');
  return (
    <div className="flex flex-col items-start gap-1.5 rounded border border-line bg-sheet p-2">
      <p className="flex items-start gap-1">
        <FileText aria-hidden className="mt-0.5 size-3 shrink-0 text-soft" />
        <span>
          <span className="block font-bold">{title}</span>
          <span className="text-soft text-sm">{t('viewer.file', { kind, size: size(content.length) })}</span>
        </span>
      </p>
      <p>{t('viewer.notShown')}</p>
      <SaveButton title={title} mediaType={mediaType} content={content} />
    </div>
  );
}

export { SaveButton, save } from './save';
