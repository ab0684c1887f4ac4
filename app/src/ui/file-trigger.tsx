import { cloneElement, type ReactElement, useRef } from 'react';

/** Has its button choose a file, several, a folder, or a picture that the camera takes. */
export function FileTrigger({
  acceptedFileTypes,
  defaultCamera,
  allowsMultiple = false,
  acceptDirectory = false,
  onSelect,
  children,
}: {
  acceptedFileTypes?: readonly string[];
  defaultCamera?: 'user' | 'environment';
  allowsMultiple?: boolean;
  acceptDirectory?: boolean;
  onSelect: (files: FileList | null) => void;
  children: ReactElement<{ onPress?: (() => void) | undefined }>;
}) {
  const input = useRef<HTMLInputElement>(null);
  const choose = () => {
    if (!input.current) return;
    // The same file can be chosen again.
    input.current.value = '';
    input.current.click();
  };
  return (
    <>
      {cloneElement(children, { onPress: choose })}
      <input
        ref={input}
        type="file"
        style={{ display: 'none' }}
        accept={acceptedFileTypes?.join(',')}
        capture={defaultCamera}
        multiple={allowsMultiple}
        {...(acceptDirectory ? { webkitdirectory: '' } : {})}
        onChange={({ target }) => onSelect(target.files)}
      />
    </>
  );
}
