# Runs at each sign-in: as a task it starts the account's startup programs; with -AsShell it is a kiosk's whole desktop.
#
# What it starts is data in settings.json beside it, read anew each time: a program, and arguments that are handed over
# letter by letter. Nothing from there is ever run as code. Whatever goes wrong, the account gets its desktop: a kiosk
# without a program to show ends as an account like any other.
#
# Windows PowerShell 5.1; ASCII only, because 5.1 reads files without a mark in the machine's own code page.
param([switch] $AsShell)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$winlogon = 'HKCU:\Software\Microsoft\Windows NT\CurrentVersion\Winlogon'
$logPath = Join-Path $env:TEMP 'neuron-session.log'

function Write-Log([string] $Text) {
    try {
        $line = '{0:u} {1}' -f (Get-Date).ToUniversalTime(), $Text
        Add-Content -LiteralPath $logPath -Value $line -Encoding UTF8
    } catch {
        # A full disk must not keep anybody from the desktop.
        return
    }
}

# Null when there are none to be read.
function Read-Settings {
    try {
        $text = [System.IO.File]::ReadAllText((Join-Path $PSScriptRoot 'settings.json'))
        return ConvertFrom-Json -InputObject $text
    } catch {
        Write-Log ('settings.json: ' + $_.Exception.Message)
        return $null
    }
}

# As a click on it would: names that Windows knows, shortcuts, documents and addresses are started too. Null when
# Windows hands it to a program that runs already, or cannot start it.
function Start-Program($App) {
    try {
        $info = New-Object System.Diagnostics.ProcessStartInfo
        $info.FileName = [System.Environment]::ExpandEnvironmentVariables($App.program)
        $info.Arguments = $App.arguments
        $info.UseShellExecute = $true
        $info.WorkingDirectory = $env:USERPROFILE
        if ([System.IO.File]::Exists($info.FileName)) {
            $info.WorkingDirectory = [System.IO.Path]::GetDirectoryName([System.IO.Path]::GetFullPath($info.FileName))
        }
        Write-Log ('starting ' + $App.line)
        return [System.Diagnostics.Process]::Start($info)
    } catch {
        Write-Log ('cannot start ' + $App.line + ': ' + $_.Exception.Message)
        return $null
    }
}

# Explorer is a desktop only where no other shell is named.
function Restore-Desktop([string] $Why) {
    Write-Log ('the desktop is back: ' + $Why)
    Remove-ItemProperty -LiteralPath $winlogon -Name 'Shell' -ErrorAction SilentlyContinue
    $null = Start-Program (New-Object PSObject -Property @{ line = 'explorer.exe'; program = (Join-Path $env:SystemRoot 'explorer.exe'); arguments = '' })
}

# Starts the first program again whenever it ends. One that five times in a row does not stay for ten seconds cannot be
# shown.
function Show-Kiosk {
    $short = 0
    while ($true) {
        $settings = Read-Settings
        if ($null -eq $settings) { Restore-Desktop 'there are no settings'; return }
        $apps = @($settings.startupApps)
        if (-not $settings.kiosk -or $apps.Count -eq 0) { Restore-Desktop 'this is no kiosk any more'; return }
        $clock = [System.Diagnostics.Stopwatch]::StartNew()
        $process = Start-Program $apps[0]
        if ($null -ne $process) { $process.WaitForExit() }
        if ($clock.Elapsed.TotalSeconds -lt 10) { $short++ } else { $short = 0 }
        if ($short -ge 5) { Restore-Desktop 'its program does not stay'; return }
        Start-Sleep -Seconds 1
    }
}

function Start-All {
    $shell = Get-ItemProperty -LiteralPath $winlogon -Name 'Shell' -ErrorAction SilentlyContinue
    if ($null -ne $shell) {
        Write-Log 'a kiosk: only its own program is started'
        return
    }
    $settings = Read-Settings
    if ($null -eq $settings) { return }
    foreach ($app in @($settings.startupApps)) { $null = Start-Program $app }
}

if (Test-Path -LiteralPath $logPath) { Remove-Item -LiteralPath $logPath -ErrorAction SilentlyContinue }
if ($AsShell) {
    try {
        Show-Kiosk
    } catch {
        Restore-Desktop $_.Exception.Message
    }
} else {
    Start-All
}
