# Tab for `git agents` and `git-agents` in fish, 3.2 or newer.
#
# Save it as "git-agents.fish" in ~/.config/fish/conf.d. What is offered comes from git-agents
# itself, so it need not be replaced when git-agents is.

# Leaves in the caller's $ask whom to ask and in $words what follows that up to the word that is
# being typed; fails when the line runs something else than git agents.
function __git_agents_split --no-scope-shadowing
    set words (commandline --current-process --tokenize --cut-at-cursor)
    set ask $words[1]
    set -e words[1]
    test "$ask" = git
    or return 0
    while set -q words[1]
        switch $words[1]
            case agents
                set -a ask agents
                set -e words[1]
                return 0
            case -C -c --git-dir --work-tree --namespace
                set -a ask $words[1]
                set -e words[1]
                set -q words[1]
                or return 1
                set -a ask $words[1]
            case '--git-dir=*' '--work-tree=*' '--namespace=*'
                set -a ask $words[1]
            case '-*'
            case '*'
                return 1
        end
        set -e words[1]
    end
    return 1
end

function __git_agents_typed
    set -l ask
    set -l words
    __git_agents_split
end

function __git_agents_offer
    set -l ask
    set -l words
    __git_agents_split
    or return
    set -l current (commandline --current-token --cut-at-cursor)
    set -l offered (env GIT_AGENTS_COMPLETE=1 $ask -- $words "$current" 2>/dev/null)
    # After --option= only the rest is a path.
    set -l option (string match --regex -- '^--[^=]+=' "$current")
    set -l path (string replace --regex -- '^--[^=]+=' '' "$current")
    switch "$offered[1]"
        case :files
            __fish_complete_path "$path" | string replace --regex -- '^' "$option"
        case :folders
            __fish_complete_directories "$path" '' | string replace --regex -- '^' "$option"
        case '*'
            string join \n -- $offered
    end
end

complete --command git-agents --no-files --keep-order --arguments '(__git_agents_offer)'
# fish's own completion of git knows commands like ours since 3.6.1 only.
complete --command git --no-files --keep-order --condition __git_agents_typed --arguments '(__git_agents_offer)'
complete --command git --no-files --condition __fish_git_needs_command --arguments agents --description 'Several coding agents, one git repository'
