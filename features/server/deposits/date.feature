@server @deposits
Feature: A deposits request is dated

  @DEP-DATE-01 @must
  Rule: every request contains X-Date

    Scenario: a deposit request without X-Date
      Given a deposit request that the server accepts
      When only its X-Date is left out
      Then it is refused because of its missing X-Date

  @DEP-DATE-02 @must
  Rule: X-Date is in UTC

    Scenario Outline: the local time of <city>
      Given a deposit status request that the server accepts
      When only its X-Date is the local time of <city>
      Then it is refused because of its date

      Examples:
        | city         |
        | São Paulo    |
        | Mexico City  |
        | Mumbai       |
        | Tokyo        |

  @DEP-DATE-03 @must
  Rule: a request whose X-Date differs from the server's clock by more than 5 seconds is blocked

    Scenario Outline: a <request> request dated <seconds> seconds into the <direction>
      Given a <request> request that the server accepts
      When only its X-Date is moved <seconds> seconds into the <direction>
      Then it is refused because of its date

      Examples:
        | request        | seconds | direction |
        | deposit status | 6       | past      |
        | deposit status | 6       | future    |
        | deposit status | 7       | past      |
        | deposit status | 10      | past      |
        | deposit status | 10      | future    |
        | deposit status | 60      | past      |
        | deposit status | 60      | future    |
        | deposit status | 3600    | past      |
        | deposit status | 86400   | future    |
        | deposit        | 6       | past      |
        | deposit        | 6       | future    |
        | refund         | 6       | past      |
        | refund         | 6       | future    |
        | refund status  | 6       | past      |

    Scenario Outline: a deposit status request dated <seconds> seconds into the <direction> is in time
      Given a deposit status request that the server accepts
      When only its X-Date is moved <seconds> seconds into the <direction>
      Then it is accepted

      Examples:
        | seconds | direction |
        | 1       | past      |
        | 4       | past      |
        | 1       | future    |
        | 4       | future    |

    @alone
    Scenario Outline: exactly <difference> seconds into the <direction>
      Given a deposit status request that the server accepts
      And the server's clock stands still <difference> seconds from its X-Date, which is in the <direction>
      Then it is <answer>, as our own mock reads AMB-14

      Examples:
        | difference | direction | answer   |
        | 5.000      | past      | accepted |
        | 5.000      | future    | accepted |
        | 5.001      | past      | refused  |
        | 5.001      | future    | refused  |
