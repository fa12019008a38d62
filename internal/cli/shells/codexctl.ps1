# Completion of codexctl for PowerShell 5.1 and later. What may be typed is known to
# codexctl itself; this only asks it.
Register-ArgumentCompleter -Native -CommandName codexctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @()
    foreach ($element in ($commandAst.CommandElements | Select-Object -Skip 1)) {
        if ($element.Extent.EndOffset -lt $cursorPosition) {
            if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
                $words += $element.Value
            } else {
                $words += $element.ToString()
            }
        }
    }
    $program = Get-Command codexctl -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
    if (-not $program) { return }
    # An equals sign in front: older versions drop an empty last argument.
    $lines = @(& $program __complete powershell @words "=$wordToComplete" 2>$null)
    if ($lines.Count -eq 0) { return }
    $part, $before = $lines[0] -split "`t", 2
    foreach ($line in ($lines | Select-Object -Skip 1)) {
        $word, $about = $line -split "`t", 2
        if (-not $about) { $about = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
    }
    if ($part -eq 'files' -or $part -eq 'folders' -or $part -eq 'line') {
        if ($part -eq 'line' -or -not $before) { $before = '' }
        $path = $wordToComplete.Substring([Math]::Min($before.Length, $wordToComplete.Length))
        foreach ($found in [System.Management.Automation.CompletionCompleters]::CompleteFilename($path)) {
            if ($part -eq 'folders' -and $found.ResultType -ne 'ProviderContainer') { continue }
            [System.Management.Automation.CompletionResult]::new($before + $found.CompletionText, $found.ListItemText, $found.ResultType, $found.ToolTip)
        }
    } elseif ($part -eq 'commands') {
        [System.Management.Automation.CompletionCompleters]::CompleteCommand($wordToComplete)
    }
}
