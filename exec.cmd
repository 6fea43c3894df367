@rem `exec` for the scripts in package.json where the shell has none: on Windows. Elsewhere it is the shell's own.
@%*
