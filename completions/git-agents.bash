# Tab for `git agents` and `git-agents` in bash, 3.2 or newer.
#
# Save it as "git-agents" in ~/.local/share/bash-completion/completions, where bash-completion
# and git's own completion find it, or source it in ~/.bashrc. What is offered comes from
# git-agents itself, so it need not be replaced when git-agents is.

# Git's completion calls this after `git agents`, with its variables words, cword and cur set.
_git_agents ()
{
	local at="${__git_cmd_idx:-0}"
	if [ "$at" -eq 0 ]; then
		# Before 2.31 it did not say where the command is.
		at=1
		while [ "$at" -lt "$cword" ] && [ "${words[at]}" != agents ]; do
			at=$((at + 1))
		done
	fi
	# __git is git with the -C and --git-dir that were typed.
	__git_agents_offer "$at" __git agents
}

# Bash calls this for `git-agents` itself, with the command as it was typed.
__git_agents_direct ()
{
	local cur words cword
	if declare -F _get_comp_words_by_ref >/dev/null; then
		_get_comp_words_by_ref -n =: cur words cword
	else
		words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur="${COMP_WORDS[COMP_CWORD]}"
	fi
	__git_agents_offer 0 "$1"
}

# Usage: __git_agents_offer <index of the command in words> <what to ask>...
__git_agents_offer ()
{
	local at="$1" line offered breaker kept=""
	shift
	# Readline replaces only what follows the last = or : of the word.
	for breaker in = :; do
		case "$COMP_WORDBREAKS" in
		*$breaker*)
			case "$cur" in
			*$breaker*)
				line="${cur%"$breaker"*}$breaker"
				[ ${#line} -le ${#kept} ] || kept="$line"
				;;
			esac
			;;
		esac
	done
	COMPREPLY=()
	while IFS= read -r line; do
		offered="${line%%$'\t'*}"
		case "$offered" in
		:files|:folders)
			# Without an answer readline completes paths, and does it best.
			compopt -o filenames +o nospace 2>/dev/null
			return
			;;
		*)
			COMPREPLY[${#COMPREPLY[@]}]="${offered#"$kept"} "
			;;
		esac
	done < <(GIT_AGENTS_COMPLETE=1 "$@" -- "${words[@]:at+1:cword-at-1}" "$cur" 2>/dev/null)
}

complete -o bashdefault -o default -o nospace -F __git_agents_direct git-agents
