@server @deposits
Feature: Deposits can be called only from whitelisted addresses

  @DEP-SEC-04 @DEP-IP-01 @must
  Rule: only whitelisted addresses reach the API

    Scenario Outline: a <request> request from an address that is not whitelisted
      Given a <request> request that the server accepts
      When it is sent from an address that is not whitelisted in every state
      Then each is refused, and none has an effect

      Examples:
        | request                |
        | every deposits request |

    Scenario Outline: a <request> request from an address that claims to be another
      Given a <request> request that the server accepts
      When it is sent with every claim to be another address
      Then each is refused, and none has an effect

      Examples:
        | request                |
        | every deposits request |

    @alone
    Scenario Outline: an address that is whitelisted for a while, and a <request> request
      Given a <request> request that the server accepts
      When another address is whitelisted for deposits
      Then it is accepted from there
      And it is refused from addresses that begin like that
      When the address is taken off the whitelist
      Then it is refused from there

      Examples:
        | request                |
        | every deposits request |

    @last @alone @full
    Scenario Outline: an address that was taken off the whitelist when the run began, and a <request> request when it is <moment>
      Given a <request> request that the server accepts
      When it is <moment>
      And it is sent from an address that is not whitelisted in every state
      Then each is refused, and none has an effect

      Examples:
        | request   | moment       |
        | deposit | every moment |

  @PANEL-08 @must
  Rule: deposits have a whitelist of their own

    @alone
    Scenario Outline: an address that is whitelisted for cashouts, and a <request> request
      Given a <request> request that the server accepts
      And another address is whitelisted for cashouts
      When it is sent from an address that is not whitelisted in every state
      Then each is refused, and none has an effect

      Examples:
        | request                |
        | every deposits request |
