# Runs once, when the account signs in for the first time after Windows was installed.
#
# What it shall do is data in settings.json beside it; nothing from there is ever run as code or put into a command
# line. Each part looks first whether its work is done already, so a second run changes nothing. What fails is logged
# and passed over. It never restarts the machine: whoever watches the stages does that once, at the end.
#
# Windows PowerShell 5.1; ASCII only, because 5.1 reads files without a mark in the machine's own code page.
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$logPath = Join-Path $env:SystemRoot 'Temp\neuron-setup.log'
$script:failures = 0

function Write-Log([string] $Text) {
    $line = '{0:u} {1}' -f (Get-Date).ToUniversalTime(), $Text
    Add-Content -LiteralPath $logPath -Value $line -Encoding UTF8
}

function Send-Stage([string] $Name) {
    Write-Log ('stage ' + $Name)
    try {
        $port = New-Object System.IO.Ports.SerialPort 'COM1', 115200
        $port.WriteTimeout = 2000
        $port.Open()
        try { $port.Write("NEURON-STAGE " + $Name + "`r`n") } finally { $port.Close() }
    } catch {
        Write-Log ('no serial port to tell it to: ' + $_.Exception.Message)
    }
}

# One part of the work: its failure is counted and the next part goes on.
function Invoke-Part([string] $Stage, [scriptblock] $Work) {
    Send-Stage $Stage
    try {
        & $Work
    } catch {
        $script:failures++
        Write-Log ('FAILED ' + $Stage + ': ' + $_.Exception.Message + ' (line ' + $_.InvocationInfo.ScriptLineNumber + ')')
    }
}

# The first drive that has this file: letters depend on the order of the drives. Null when none has.
function Find-OnDrives([string] $RelativePath) {
    foreach ($drive in [System.IO.DriveInfo]::GetDrives()) {
        if (-not $drive.IsReady) { continue }
        if ($drive.DriveType -ne [System.IO.DriveType]::CDRom -and $drive.DriveType -ne [System.IO.DriveType]::Removable) { continue }
        $path = Join-Path $drive.RootDirectory.FullName $RelativePath
        if (Test-Path -LiteralPath $path -PathType Leaf) { return $path }
    }
    return $null
}

# Waits for an installer. 3010 and 1641: done, a restart would complete it; 1638: a version of it is there already.
function Start-Installer([string] $Path, [string[]] $Arguments, [int] $Minutes) {
    Write-Log ('starting ' + $Path + ' ' + ($Arguments -join ' '))
    $process = Start-Process -FilePath $Path -ArgumentList $Arguments -PassThru
    $null = $process.Handle
    if (-not $process.WaitForExit($Minutes * 60000)) {
        try { $process.Kill() } catch { Write-Log $_.Exception.Message }
        throw ($Path + ' was stopped after ' + $Minutes + ' minutes')
    }
    Write-Log ($Path + ' ended with ' + $process.ExitCode)
    if (@(0, 3010, 1641, 1638) -notcontains $process.ExitCode) { throw ($Path + ' ended with ' + $process.ExitCode) }
}

function Install-Msi([string] $Path) {
    Start-Installer (Join-Path $env:SystemRoot 'System32\msiexec.exe') @('/i', ('"' + $Path + '"'), '/qn', '/norestart') 15
}

function Test-Service([string] $Name) {
    return $null -ne (Get-Service -Name $Name -ErrorAction SilentlyContinue)
}

# Every driver by itself, for when the guest tools' installer fails. One that fails does not stop the others.
function Install-Drivers([string[]] $Names, [string] $Folder) {
    $failed = @()
    foreach ($name in $Names) {
        $relative = Join-Path $name (Join-Path $Folder 'amd64')
        foreach ($drive in [System.IO.DriveInfo]::GetDrives()) {
            if (-not $drive.IsReady) { continue }
            $path = Join-Path $drive.RootDirectory.FullName $relative
            if (-not (Test-Path -LiteralPath $path -PathType Container)) { continue }
            $output = & (Join-Path $env:SystemRoot 'System32\pnputil.exe') '/add-driver' (Join-Path $path '*.inf') '/install'
            $code = $LASTEXITCODE
            Write-Log ('pnputil ' + $path + ' ended with ' + $code + ': ' + (@($output) -join ' | '))
            # 259: there was nothing to do, 3010: a restart completes it.
            if (@(0, 259, 3010) -notcontains $code) { $failed += $name }
            break
        }
    }
    if ($failed.Count -gt 0) { throw ('drivers that could not be installed: ' + ($failed -join ', ')) }
}

function Install-GuestTools($Settings) {
    $serialDriver = Join-Path $env:SystemRoot 'System32\drivers\vioser.sys'
    if (Test-Path -LiteralPath $serialDriver) {
        Write-Log 'the virtio drivers are installed already'
        return
    }
    $installer = Find-OnDrives 'virtio-win-guest-tools.exe'
    if ($null -ne $installer) {
        try {
            Start-Installer $installer @('/install', '/passive', '/norestart') 30
        } catch {
            Write-Log ('the guest tools failed, trying each driver: ' + $_.Exception.Message)
        }
    }
    if (-not (Test-Path -LiteralPath $serialDriver)) { Install-Drivers $Settings.drivers $Settings.driverFolder }
}

function Install-QemuGuestAgent {
    if (Test-Service 'QEMU-GA') { return }
    $msi = Find-OnDrives 'guest-agent\qemu-ga-x86_64.msi'
    if ($null -eq $msi) { throw 'no drive has guest-agent\qemu-ga-x86_64.msi' }
    Install-Msi $msi
}

function Install-SpiceAgent {
    if ((Test-Service 'vdservice') -or (Test-Service 'spice-agent')) { return }
    $msi = Find-OnDrives 'neuron\spice-vdagent-x64.msi'
    if ($null -eq $msi) { throw 'no drive has neuron\spice-vdagent-x64.msi' }
    Install-Msi $msi
}

# Newer releases have a display driver of their own in place of the host application.
function Install-LookingGlass {
    $driver = Find-OnDrives 'neuron\looking-glass-idd-setup.exe'
    if ($null -ne $driver) {
        Start-Installer $driver @('/S', '/ivshmem') 15
        return
    }
    if (Test-Service 'Looking Glass (host)') { return }
    $application = Find-OnDrives 'neuron\looking-glass-host-setup.exe'
    if ($null -eq $application) { throw 'no drive has the installer of Looking Glass in neuron' }
    Start-Installer $application @('/S') 15
}

function Install-NeuronAgent {
    $script = Find-OnDrives 'neuron\agent\install.cmd'
    if ($null -eq $script) {
        Write-Log 'no agent on the medium'
        return
    }
    Start-Installer (Join-Path $env:SystemRoot 'System32\cmd.exe') @('/c', ('"' + $script + '"')) 10
}

function Set-Text([string] $Key, [string] $Name, [string] $Value) {
    if (-not (Test-Path -LiteralPath $Key)) { $null = New-Item -Path $Key -Force }
    $null = New-ItemProperty -LiteralPath $Key -Name $Name -Value $Value -PropertyType String -Force
}

# session.ps1 and the settings it reads stay in Windows, where everybody may read and only administrators may write.
function Copy-Session([string] $Folder) {
    if (-not (Test-Path -LiteralPath $Folder)) { $null = New-Item -Path $Folder -ItemType Directory }
    # SYSTEM, administrators and users by their numbers: their names are translated.
    $rights = @(('"' + $Folder + '"'), '/inheritance:r')
    foreach ($right in @('*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F', '*S-1-5-32-545:(OI)(CI)RX')) {
        $rights += @('/grant:r', $right)
    }
    Start-Installer (Join-Path $env:SystemRoot 'System32\icacls.exe') $rights 2
    foreach ($name in @('settings.json', 'session.ps1')) {
        $target = Join-Path $Folder $name
        Copy-Item -LiteralPath (Join-Path $PSScriptRoot $name) -Destination $target -Force
        # Everything on a CD is read-only, and copies keep it.
        Set-ItemProperty -LiteralPath $target -Name 'IsReadOnly' -Value $false
    }
}

# A task and not the Run key: that takes no more than 260 characters, and the desktop starts it late.
function Register-Session([string] $PowerShell, [string] $Arguments) {
    $user = [System.Security.Principal.WindowsIdentity]::GetCurrent().Name
    $what = @{
        TaskName  = 'Neuron startup programs'
        Action    = New-ScheduledTaskAction -Execute $PowerShell -Argument $Arguments
        Trigger   = New-ScheduledTaskTrigger -AtLogOn -User $user
        Principal = New-ScheduledTaskPrincipal -UserId $user -LogonType Interactive -RunLevel Limited
        # 4: what is started runs as if a person had started it; tasks are below that otherwise.
        Settings  = New-ScheduledTaskSettingsSet -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -ExecutionTimeLimit ([TimeSpan]::Zero) -Priority 4
    }
    $null = Register-ScheduledTask @what -Force
}

# What happens at each sign-in is session.ps1's; a kiosk's account has it in the desktop's place.
function Install-Session($Settings) {
    $folder = Join-Path $env:ProgramData 'Neuron'
    Copy-Session $folder
    $powershell = Join-Path $env:SystemRoot 'System32\WindowsPowerShell\v1.0\powershell.exe'
    $arguments = '-NoProfile -NonInteractive -WindowStyle Hidden -ExecutionPolicy Bypass -File "' + (Join-Path $folder 'session.ps1') + '"'
    if (@($Settings.startupApps).Count -gt 0) { Register-Session $powershell $arguments }
    if ($Settings.kiosk) {
        Set-Text 'HKCU:\Software\Microsoft\Windows NT\CurrentVersion\Winlogon' 'Shell' ('"' + $powershell + '" ' + $arguments + ' -AsShell')
    }
}

# The password must not stay: neither for automatic sign-in nor in the answer files that Setup keeps.
function Remove-Traces {
    $winlogon = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon'
    Set-Text $winlogon 'AutoAdminLogon' '0'
    foreach ($name in @('DefaultPassword', 'AutoLogonCount')) {
        Remove-ItemProperty -LiteralPath $winlogon -Name $name -ErrorAction SilentlyContinue
    }
    foreach ($name in @('Panther\unattend.xml', 'Panther\unattend-original.xml', 'System32\Sysprep\unattend.xml')) {
        $path = Join-Path $env:SystemRoot $name
        if (Test-Path -LiteralPath $path) { Remove-Item -LiteralPath $path -Force }
    }
}

Send-Stage 'first-logon'
try {
    $text = [System.IO.File]::ReadAllText((Join-Path $PSScriptRoot 'settings.json'))
    $settings = ConvertFrom-Json -InputObject $text
    if ($settings.guestTools) { Invoke-Part 'guest-tools' { Install-GuestTools $settings } }
    if ($settings.guestAgent) { Invoke-Part 'qemu-guest-agent' { Install-QemuGuestAgent } }
    if ($settings.spiceAgent) { Invoke-Part 'spice-agent' { Install-SpiceAgent } }
    if ($settings.lookingGlass) { Invoke-Part 'looking-glass' { Install-LookingGlass } }
    if ($settings.guestAgent) { Invoke-Part 'neuron-agent' { Install-NeuronAgent } }
    Invoke-Part 'startup-apps' { Install-Session $settings }
} catch {
    $script:failures++
    Write-Log ('FAILED ' + $_.Exception.Message)
}
# Whatever went wrong before, this is done.
Invoke-Part 'tidy-up' { Remove-Traces }
if ($script:failures -eq 0) { Send-Stage 'done' } else { Send-Stage 'done-with-errors' }
