@echo off
rem winpe.cmd RELEASE: runs in Windows PE before Setup looks at the disks. Windows PE has no PowerShell.
rem RELEASE is the folder of this Windows on the virtio-win medium: w11, w10, 2k25.
rem
rem 1. Loads the drivers of disk and network from whichever drive has them, and keeps a copy in X:\neuron\drivers:
rem    X: is always Windows PE's own RAM disk, so the answer file can name that path.
rem 2. Stops the machine when a disk has a Windows already: Setup would erase it.
rem
rem Every failure is logged to X:\neuron\winpe.log and passed over; only 2. stops.
setlocal enableextensions
if not exist X:\neuron\drivers md X:\neuron\drivers
if exist X:\neuron\winpe.done exit /b 0
echo done>X:\neuron\winpe.done
set "log=X:\neuron\winpe.log"
set "release=%~1"
set "from="
call :stage winpe

rem A: and B: are floppies (asking an empty one waits for a disk), X: is the RAM disk.
for %%d in (C D E F G H I J K L M N O P Q R S T U V W Y Z) do call :look %%d
if defined from (
  for %%n in (viostor vioscsi NetKVM) do call :driver %%n
  call :stage drivers-loaded
) else (
  call :stage drivers-missing
)

rem Volumes of the disks that have just appeared get their letters.
echo rescan>X:\neuron\rescan.txt
call diskpart /s X:\neuron\rescan.txt >>"%log%" 2>&1
for %%d in (C D E F G H I J K L M N O P Q R S T U V W Y Z) do if exist %%d:\Windows\System32\config\SYSTEM call :occupied %%d
call :stage partitioning
exit /b 0

:look
if defined from exit /b 0
if exist %1:\viostor\%release%\amd64\viostor.inf set "from=%1:"
exit /b 0

:driver
set "source=%from%\%1\%release%\amd64"
set "target=X:\neuron\drivers\%1"
if not exist "%source%\*.inf" (
  echo no driver %1 in %source%>>"%log%"
  exit /b 0
)
if not exist "%target%" md "%target%"
rem Symbols (.pdb) are large and the RAM disk is small.
for %%e in (inf sys cat dll exe) do if exist "%source%\*.%%e" copy /y "%source%\*.%%e" "%target%" >>"%log%" 2>&1
rem No quotes: a pattern in quotes is taken for a name by some, and nothing here has a space in it.
for %%f in (%target%\*.inf) do call drvload "%%f" >>"%log%" 2>&1
exit /b 0

:occupied
echo a Windows is on %1: already, nothing was written>>"%log%"
call :stage disk-not-empty
call wpeutil shutdown >>"%log%" 2>&1
rem Until the power goes, Setup must not go on.
:wait
pause >nul
goto wait

:stage
echo NEURON-STAGE %1>>"%log%"
rem Without a serial port this fails, and nothing else does.
echo NEURON-STAGE %1 2>nul >COM1
exit /b 0
